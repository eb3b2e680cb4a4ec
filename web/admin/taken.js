// One of a form's list is taken out of it, and can be put back where it was, with all that was typed in it.

import { t } from "../ui/i18n.js";
import { toast } from "./toast.js";

/** @template {{ view: HTMLElement }} Entry @param {Entry[]} entries @param {Entry} entry */
export function taken(entries, entry) {
  const at = entries.indexOf(entry), { view } = entry, around = /** @type {HTMLElement} */ (view.parentElement), after = view.nextSibling;
  const near = view.nextElementSibling ?? view.previousElementSibling ?? around.parentElement;
  const changes = () => around.dispatchEvent(new Event("change", { bubbles: true })); // the form is not saved
  entries.splice(at, 1);
  view.remove();
  changes();
  /** @type {HTMLElement | null | undefined} */ (near?.querySelector("input, button"))?.focus();
  toast(t("bookings.removed"), () => {
    entries.splice(Math.min(at, entries.length), 0, entry);
    around.insertBefore(view, after?.parentNode === around ? after : null);
    changes();
    view.querySelector("input")?.focus();
  });
}
