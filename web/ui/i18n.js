// The words of every page, in six languages. A page's language: ?lang=, else what was chosen before, else the browser's,
// else what most people of the platform speak that shows the page in a deal card.

import { element, isolated } from "./dom.js";
import { ofBrowser } from "./storage.js";

export const LANGUAGES = { en: "English", ru: "Русский", uk: "Українська", uz: "Oʻzbekcha", es: "Español", pt: "Português" };
/** @type {Record<string, string>} */
const LOCALES = { ru: "ru-RU", en: "en-GB", uk: "uk-UA", uz: "uz-Latn-UZ", es: "es", pt: "pt-BR" };
// Uzbek writes numbers as Russian does; Chromium, which knows the language by its name alone, as English does.
/** @type {Record<string, string>} */
const NUMBERS = { ...LOCALES, uz: "ru-RU" };
const KEY = "language";

function chosen() {
  const wished = [new URLSearchParams(location.search).get("lang"), ofBrowser.get(KEY), ...navigator.languages.map((one) => one.slice(0, 2))];
  const isAmocrm = /^https:\/\/[^/]+\.amocrm\.(ru|com)\//.test(document.referrer);
  return wished.find((one) => Object.keys(LANGUAGES).includes(one ?? "")) ?? (isAmocrm ? "ru" : "en");
}

export const language = chosen();
/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Words */
/** @typedef {string | Record<string, string>} Worded One text for all languages, or one for each. */
/** @param {string} [query] another address: what lies between may keep the first answer @returns {Promise<Record<string, Words>>} */
async function read(query = "") {
  const answer = await fetch(new URL(`../i18n/${language}.json${query}`, import.meta.url));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function begun() {
  document.documentElement.lang = language;
  document.documentElement.dataset.opened = ""; // from here on the page itself says what is wrong: unopened.js
}

/** Without its words a page is nothing, and says so; where that does not come either, a sign is left. @param {unknown} error @returns {Promise<never>} */
async function refused(error) {
  const [text, again] = await import("./unanswered.js").then(({ said }) => said[language] ?? []).catch(() => []);
  const told = element("p", { className: "error", text: text ?? "" });
  told.setAttribute("role", "alert");
  begun();
  document.body.replaceChildren(element("main", { className: "page" }, told, element("button", { className: "quiet", type: "button", text: again ?? "↻", onclick: () => location.reload() })));
  throw error;
}

const [words, uzbek] = await Promise.all([read().catch(() => read("?again")).catch(refused), language === "uz" ? import("./uzbek.js").catch(() => null) : null]);
const plurals = new Intl.PluralRules(LOCALES[language]);

// A text that counts has forms ({one, few, many, other}); its first number decides which.
/** @param {string} key @param {Record<string, unknown>} values @returns {string} */
export function t(key, values = {}) {
  const text = form(words[key] ?? key, values);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? isolated(values[name]) : whole));
}

/** @param {Words} text @param {Record<string, unknown>} values @returns {string} */
function form(text, values) {
  if (typeof text === "string") return text;
  const counted = Object.values(values).find((value) => typeof value === "number");
  return text[plurals.select(Number(counted ?? 0))] ?? text.other ?? "";
}

/** @param {string} key */
export const has = (key) => Object.keys(words).includes(key);

// Texts of a page that stand in its HTML: data-t is the text, data-t-… an attribute.
/** @param {ParentNode} root */
export function translate(root = document) {
  begun();
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-t]"))) place.textContent = t(place.dataset.t ?? "");
  for (const place of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-t-placeholder]"))) place.placeholder = t(place.dataset.tPlaceholder ?? "");
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-t-label]"))) place.setAttribute("aria-label", t(place.dataset.tLabel ?? ""));
}

export function languagePicker() {
  const select = document.createElement("select");
  select.setAttribute("aria-label", t("language"));
  select.className = "language";
  select.append(...Object.entries(LANGUAGES).map(([code, name]) => new Option(name, code, false, code === language)));
  select.addEventListener("change", () => {
    const here = new URL(location.href);
    if (ofBrowser.set(KEY, select.value)) here.searchParams.delete("lang");
    else here.searchParams.set("lang", select.value);
    if (here.href === location.href) location.reload(); // going there would only follow the fragment
    else location.assign(here);
  });
  return select;
}

// Words that come with data: {ru: …, en: …}. A language that is not there takes another.
/** @param {Record<string, string>} choices @returns {string} */
export const inLanguage = (choices, code = language) => choices[code] ?? choices.en ?? Object.values(choices)[0] ?? "";

// The same where one text may serve all languages: m².
/** @param {Worded} text */
export const worded = (text, code = language) => (typeof text === "string" ? text : inLanguage(text, code));

// As shared/platform/money.py writes it: with all its digits, without cents where there are none.
/** @param {string | number} amount @param {string} currency */
export function money(amount, currency, code = language) {
  const text = Number(amount).toLocaleString(NUMBERS[code], { style: "currency", currency, minimumFractionDigits: Number.isInteger(Number(amount)) ? 0 : 2, maximumFractionDigits: 6 });
  return code === "uz" ? text.replace("UZS", "soʻm") : text;
}
// Of an account whose currency is not known here.
/** @param {string | number} sum */
export const amount = (sum) => Number(sum).toLocaleString(NUMBERS[language], { minimumFractionDigits: Number.isInteger(Number(sum)) ? 0 : 2, maximumFractionDigits: 6 });
/** @param {string | number} amount */
export const number = (amount, digits = 3, code = language) => Number(amount).toLocaleString(NUMBERS[code], { maximumFractionDigits: digits });
// A number that the server counts no further than 10,000, as the values of a text.
/** @param {number} count @returns {Record<string, unknown>} */
export const bounded = (count) => (count < 10_000 ? { count } : { counted: count, count: `${number(count)}+` });
/** @param {Date} at @param {Intl.DateTimeFormatOptions} style */
const dated = (at, style) => uzbek?.dated(at, style) ?? at.toLocaleString(LOCALES[language], style);
/** @param {string | number} text A moment, or Unix milliseconds. */
export const moment = (text) => dated(new Date(text), { dateStyle: "medium", timeStyle: "short" });
// Of a curve: Unix seconds as a time, and as a day of the year.
/** @param {number} seconds */
export const clock = (seconds) => dated(new Date(seconds * 1000), { timeStyle: "short" });
/** @param {number} seconds */
export const date = (seconds) => dated(new Date(seconds * 1000), { day: "numeric", month: "short" });
// How long ago a moment is, or how far ahead, in the largest unit that fits.
/** @param {string} text @param {number} now Unix milliseconds. */
export function ago(text, now = Date.now()) {
  const seconds = Math.round((Date.parse(text) - now) / 1000);
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ["second", 1];
  const count = Math.trunc(seconds / size);
  return uzbek?.ago(count, unit) ?? new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto", style: "short" }).format(count, unit);
}
/** @type {["day" | "hour" | "minute" | "second", number][]} */
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
// Seconds as people say them, in the largest unit that fits.
/** @param {number} seconds */
export function duration(seconds) {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return uzbek?.lasting(count, unit) ?? new Intl.NumberFormat(LOCALES[language], { style: "unit", unit, unitDisplay: "short" }).format(count);
}
// Of a place: the time there, the day and the time, and a day by itself (YYYY-MM-DD) in the style that is asked for.
/** @param {string | number} text @param {string} timeZone */
export const timeThere = (text, timeZone) => there(text, { timeStyle: "short", timeZone });
/** @param {string | number} text @param {string} timeZone */
export const momentThere = (text, timeZone) => there(text, { dateStyle: "full", timeStyle: "short", timeZone });
// The server writes times as the wall shows them, and what is written is told: an older browser does not know every zone
// (Europe/Kyiv is of 2022), or has it as it was (Asia/Almaty until 2024). Other moments are as far right as the browser is.
/** @param {string | number} text @param {Intl.DateTimeFormatOptions} style */
function there(text, style) {
  const [, wall] = /^(.{19})[+-]\d\d:\d\d$/.exec(`${text}`) ?? [];
  return wall ? dated(new Date(`${wall}Z`), { ...style, timeZone: "UTC" }) : dated(new Date(text), style);
}
/** @param {string} text @param {Intl.DateTimeFormatOptions} style */
export const dayAs = (text, style) => dated(new Date(`${text}T00:00`), style);
/** @param {string} text */
export const day = (text) => dayAs(text, { dateStyle: "long" });
