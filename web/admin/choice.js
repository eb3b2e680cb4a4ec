// Choices of what an account has. What is set stays set, also where it is not offered: it is gone, or the account could
// not be asked just now.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

const notOffered = (/** @type {string | number} */ value) => new Option(t("settings.gone", { id: value }), String(value), true, true);

/** @typedef {[string | number | null, string]} Choice a value, null for none, and its text */

/** @param {Choice[]} choices @param {string | number | null | undefined} value what is set */
export function choice(choices, value) {
  const made = element("select", {}, ...choices.map(([key, text]) => new Option(text, String(key ?? ""))));
  made.value = String(value ?? "");
  if (made.selectedIndex < 0) made.append(notOffered(value ?? ""));
  return made;
}

/** Several of them. @param {Choice[]} offered @param {(string | number)[]} values */
export function choices(offered, values) {
  const gone = values.filter((value) => !offered.some(([key]) => key === value));
  return element("select", { multiple: true, size: Math.min(6, offered.length + gone.length) },
    ...offered.map(([key, text]) => new Option(text, String(key), false, values.includes(key ?? ""))), ...gone.map(notOffered));
}
