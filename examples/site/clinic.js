// An example site of a clinic: one script tag, here written by a script because the demo asks for the key.

import { given, setUp } from "./demo.js";

const API = (given.get("api") ?? "").replace(/\/$/, ""); // yours: "https://functions.example/crm_api"
const KEY = given.get("key") ?? ""; // yours: "site_…"

if (API && KEY) {
  const place = document.querySelector("#clinic");
  place.hidden = false;
  const script = Object.assign(document.createElement("script"), { src: `${API}/booking/embed.js` });
  Object.assign(script.dataset, { key: KEY, lang: document.documentElement.lang, title: "Запись на приём" });
  place.append(script);
} else setUp(document.querySelector("#setup"));
