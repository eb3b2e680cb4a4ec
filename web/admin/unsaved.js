// Forms that are sent as a whole: what was typed in one and is not saved yet would go with it, so whoever leaves is asked.

import { $ } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

/** @param {HTMLElement} within @returns {HTMLElement[]} */
const typedIn = (within = $("view")) => [...(/** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll("[data-unsaved]")))];
/** @param {HTMLElement} within */
export const isTypedIn = (within = $("view")) => typedIn(within).length > 0;

// A form of that kind; a new one takes its place when it is saved.
/** @template {HTMLElement} Form @param {Form} form @returns {Form} */
export function guarded(form) {
  const mark = () => { form.dataset.unsaved = ""; };
  form.addEventListener("input", mark);
  form.addEventListener("change", mark);
  return form;
}

// Whether nothing would be lost of what is typed in it, or somebody wants it to be.
/** @param {HTMLElement} within */
export function mayLeave(within = $("view")) {
  const forms = typedIn(within);
  if (forms.length && !confirm(t("panel.leave_unsaved"))) return false;
  for (const form of forms) delete form.dataset.unsaved;
  return true;
}

// A choice that brings other forms; it stays where it was if they may not come.
/** @param {HTMLSelectElement} select @param {() => unknown} chosen */
export function choosing(select, chosen) {
  let before = select.value;
  select.addEventListener("focus", () => { before = select.value; });
  select.onchange = () => {
    if (mayLeave()) before = select.value;
    else {
      select.value = before;
      return;
    }
    chosen();
  };
}

addEventListener("beforeunload", (event) => { if (isTypedIn()) event.preventDefault(); });
