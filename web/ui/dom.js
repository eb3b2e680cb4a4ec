// Elements without a library. Text is always text: nothing that came from outside becomes HTML.

/** What stands in the page's own HTML. @param {string} id */
export const $ = (id) => /** @type {any} */ (document.getElementById(id));

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
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** @param {string} text @param {unknown} [value] @param {boolean} [isSelected] */
export const option = (text, value, isSelected = false) => new Option(text, String(value ?? ""), isSelected, isSelected);
