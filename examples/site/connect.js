// A real page has the link and the tag that the panel shows, as they are. The demo fills them in from its address: key (of
// the button), callback (the redirect URI), amocrm (where amoCRM's script is), mode (of the button).

import { given } from "./demo.js";

const key = given.get("key");
if (key) {
  document.getElementById("help").hidden = true;
  const callback = given.get("callback");
  const link = document.getElementById("link");
  link.href = `${callback}?install=${encodeURIComponent(key)}`;
  link.hidden = false;
  window.refused = ({ error }) => { document.getElementById("error").textContent = `amoCRM: ${error}`; };
  const tag = Object.assign(document.createElement("script"), { className: "amocrm_oauth", src: `${given.get("amocrm") ?? "https://www.amocrm.ru"}/auth/button.min.js` });
  Object.assign(tag.dataset, { name: "Калькулятор", description: "Расчёты в сделках", redirect_uri: callback, secrets_uri: callback, scopes: "crm,files",
    title: "Подключить кнопкой amoCRM", state: key, mode: given.get("mode") ?? "popup", errorCallback: "refused" });
  document.getElementById("vendor").append(tag);
}
