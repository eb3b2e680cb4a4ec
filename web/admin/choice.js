// Choices of what an account has. What is set stays set, also where it is not offered: it is gone, or the account could
// not be asked just now.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

const notOffered = (value) => new Option(t("settings.gone", { id: value }), value, true, true);

// `choices`: [[value, text]], null for none; `value` is what is set.
export function choice(choices, value) {
  const made = element("select", {}, ...choices.map(([key, text]) => new Option(text, key ?? "")));
  made.value = value ?? "";
  if (made.selectedIndex < 0) made.append(notOffered(value));
  return made;
}

// Several of them.
export function choices(offered, values) {
  const gone = values.filter((value) => !offered.some(([key]) => key === value));
  return element("select", { multiple: true, size: Math.min(6, offered.length + gone.length) },
    ...offered.map(([key, text]) => new Option(text, key, false, values.includes(key))), ...gone.map(notOffered));
}
