// Values as people read them: named in the reader's language, numbers and moments as they are written there, and nothing
// left out. What has no name here keeps its own; a developer has all of it as JSON.

import { element } from "../ui/dom.js";
import { has, moment, number, t } from "../ui/i18n.js";
import { button, copyButton } from "./pieces.js";

/** @typedef {string | number | boolean | null | undefined | Node} Told */
/** @typedef {Record<string, any>} Document */

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
// Vendor's moments are Unix seconds, in members of these names.
const SECONDS = /(^|_)(at|till|time|date)$/;

/** Whether there is nothing to show of it. @param {any} value @returns {boolean} */
export const isEmpty = (value) => value === null || value === undefined || value === "" || (typeof value === "object" && !(value instanceof Node) && (Array.isArray(value) ? value.every(isEmpty) : !Object.keys(value).length));

/** What people call a member; one that nobody here knows is called as it is. @param {string} name */
export const nameOf = (name) => (has(`content.${name}`) ? t(`content.${name}`) : name);

/** @param {any} value @param {string} name @returns {string} */
export function told(value, name = "") {
  if (Array.isArray(value)) return value.filter((one) => !isEmpty(one)).map((one) => told(one, name)).join(", ");
  if (typeof value === "boolean") return t(value ? "content.yes" : "content.no");
  if (typeof value === "number") return SECONDS.test(name) && value > 1e9 ? moment(value * 1000) : /(^id$|_id$)/.test(name) ? String(value) : number(value);
  return typeof value === "string" && MOMENT.test(value) ? moment(value) : String(value);
}

/** Names and values, as far as there are some. @param {[string, Told][]} pairs */
export function facts(pairs) {
  const there = pairs.filter(([, value]) => !isEmpty(value));
  if (!there.length) return null;
  return element("dl", { className: "named" }, ...there.map(([name, value]) => element("div", {}, element("dt", { dir: "auto", text: name }), element("dd", {}, value instanceof Node ? value : element("bdi", { text: told(value) })))));
}

/** A part with a heading; none where it holds nothing. @param {string} key @param {...(Node | null)} parts */
export function part(key, ...parts) {
  const there = parts.filter((one) => one !== null);
  return there.length ? element("section", { className: "part" }, element("h4", { text: t(key) }), ...there) : null;
}

/** The members of a document, however deep, each with the names that lead to it. @param {Document} document @param {string[]} path @returns {[string, string][]} */
export function flat(document, path = []) {
  return Object.entries(document).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const names = [...path, Array.isArray(document) ? String(Number(name) + 1) : nameOf(name)];
    const isPlain = typeof value !== "object" || (Array.isArray(value) && value.every((one) => typeof one !== "object"));
    return isPlain ? [/** @type {[string, string]} */ ([names.join(" › "), told(value, name)])] : flat(value, names);
  });
}

/** What no part has shown. @param {Document} rest */
export const others = (rest) => part("content.others", facts(flat(rest)));

/** All of it, for developers, behind a button. @param {unknown} document */
export function asJson(document) {
  const shown = element("div", { hidden: true });
  const open = button("content.as_json", (pressed) => {
    const text = JSON.stringify(document, null, 2);
    shown.replaceChildren(element("pre", { className: "raw", text, tabIndex: 0 }), copyButton(text));
    shown.hidden = !shown.hidden;
    pressed.setAttribute("aria-expanded", String(!shown.hidden));
  });
  open.setAttribute("aria-expanded", "false");
  return element("div", { className: "as-json" }, open, shown);
}
