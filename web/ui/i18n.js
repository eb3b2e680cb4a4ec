// The words of every page, in four languages. A page's language: ?lang=, else what was chosen before, else the browser's.

export const LANGUAGES = { ru: "Русский", en: "English", uk: "Українська", uz: "Oʻzbekcha" };
const LOCALES = { ru: "ru-RU", en: "en-GB", uk: "uk-UA", uz: "uz-Latn-UZ" };
const KEY = "language";

function chosen() {
  let kept = null;
  try { kept = localStorage.getItem(KEY); } catch { /* a page in a frame may have no storage */ }
  const wished = [new URLSearchParams(location.search).get("lang"), kept, ...navigator.languages.map((one) => one.slice(0, 2))];
  return wished.find((one) => one in LANGUAGES) ?? "ru";
}

export const language = chosen();
const answer = await fetch(new URL(`../i18n/${language}.json`, import.meta.url));
const words = await answer.json();

export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const has = (key) => key in words;

// Texts of a page that stand in its HTML: data-t is the text, data-t-… an attribute.
export function translate(root = document) {
  document.documentElement.lang = language;
  for (const place of root.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
  for (const place of root.querySelectorAll("[data-t-placeholder]")) place.placeholder = t(place.dataset.tPlaceholder);
  for (const place of root.querySelectorAll("[data-t-label]")) place.setAttribute("aria-label", t(place.dataset.tLabel));
}

export function languagePicker() {
  const select = document.createElement("select");
  select.setAttribute("aria-label", t("language"));
  select.className = "language";
  select.append(...Object.entries(LANGUAGES).map(([code, name]) => new Option(name, code, false, code === language)));
  select.addEventListener("change", () => {
    localStorage.setItem(KEY, select.value);
    const here = new URL(location.href);
    here.searchParams.delete("lang");
    location.assign(here);
  });
  return select;
}

// Words that come with data: {ru: …, en: …}. A language that is not there takes another.
export const inLanguage = (choices, code = language) => choices[code] ?? choices.en ?? Object.values(choices)[0];

export const money = (amount, currency, code = language) =>
  Number(amount).toLocaleString(LOCALES[code], { style: "currency", currency, minimumFractionDigits: 0, maximumFractionDigits: 2 });
export const number = (amount) => Number(amount).toLocaleString(LOCALES[language]);
export const moment = (text) => new Date(text).toLocaleString(LOCALES[language], { dateStyle: "medium", timeStyle: "short" });
export const day = (text) => new Date(`${text}T00:00`).toLocaleDateString(LOCALES[language], { dateStyle: "long" });
