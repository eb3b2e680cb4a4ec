// Elements without a library. Text is always text: nothing that came from outside becomes HTML. What somebody has named from
// right to left, or with signs that turn what follows, is of its own direction, and turns nothing around it.

/** What stands in the page's own HTML. @param {string} id */
export const $ = (id) => /** @type {any} */ (document.getElementById(id));

// A browser turns the number that is typed in under the wheel, instead of scrolling: 1200 mm would be 1197, unseen. Whoever
// types on does so in it.
globalThis.addEventListener?.("wheel", ({ target: at }) => {
  if (!(at instanceof HTMLInputElement) || at.type !== "number" || at !== document.activeElement) return;
  at.blur();
  setTimeout(() => at.focus({ preventScroll: true }));
});

/** Letters from right to left, and signs that turn text. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
const ISOLATED = "\u2068"; // a sentence, in which names stand by themselves already
const TYPED = ["text", "search", "textarea"];

/** A value within a sentence: it turns nothing of the sentence. @param {unknown} value */
export const isolated = (value) => (TURNS.test(String(value)) ? `${ISOLATED}${value}\u2069` : String(value));

/** @param {unknown} text */
const isTurned = (text) => TURNS.test(String(text)) && !String(text).includes(ISOLATED);

/** @typedef {Node | string | null | undefined} Child */
/**
 * @template {keyof HTMLElementTagNameMap} Name @param {Name} name
 * @param {{ text?: unknown, dataset?: Record<string, unknown> } & Partial<Omit<HTMLElementTagNameMap[Name], "dataset" | "text" | "style" | "list" | "form">>} given
 * @param {Child[]} children @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, { text, dataset, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (dataset) Object.assign(made.dataset, dataset);
  if (text !== undefined) made.textContent = String(text);
  if (isTurned(text ?? "") || TYPED.includes(/** @type {any} */ (made).type)) made.dir = "auto";
  made.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child !== null && child !== undefined)).map((child) => (typeof child === "string" && isTurned(child) ? element("bdi", { text: child }) : child)));
  return made;
}

/** @param {string} text @param {unknown} [value] @param {boolean} [isSelected] */
export const option = (text, value, isSelected = false) => new Option(text, String(value ?? ""), isSelected, isSelected);
