// An example site of a clinic: one script tag, here written by a script because the key is asked for.

const asked = new URLSearchParams(location.search);
const api = (asked.get("api") ?? "").replace(/\/$/, "");
const key = asked.get("key") ?? "";

if (api && key) {
  const place = document.querySelector("#clinic");
  place.hidden = false;
  const script = Object.assign(document.createElement("script"), { src: `${api}/booking/embed.js` });
  Object.assign(script.dataset, { key, lang: document.documentElement.lang, title: "Запись на приём" });
  place.append(script);
} else {
  const form = document.querySelector("#setup");
  form.hidden = false;
  form.elements.api.value = api;
  document.querySelector("#origin").textContent = location.origin;
}
