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

/** What is typed in it is saved, or thrown away. @param {HTMLElement} form */
export const settled = (form) => { delete form.dataset.unsaved; };

/** Whether a form of it stands there in which nothing is typed; another's is somebody's who reads it. @param {string} [of] */
export const isUntouched = (of = "") => $("view").querySelector(`form[data-of="${CSS.escape(of)}"]:not([data-unsaved])`) !== null;

/**
 * Nobody types in a form that is being saved: it is emptied or drawn anew afterwards, with what was typed meanwhile.
 * @template Result @param {HTMLElement} form @param {() => Promise<Result>} save @returns {Promise<Result>}
 */
export async function held(form, save) {
  const at = /** @type {HTMLElement | null} */ (document.activeElement);
  form.inert = true;
  try {
    return await save();
  } finally {
    form.inert = false;
    if (form.contains(at) && document.activeElement === document.body) at?.focus({ preventScroll: true });
  }
}

/** @typedef {<Form extends HTMLElement>(name: string, make: () => Form, isOpen?: (before: Form) => boolean) => Form} Stays */
/** A place for one form at a time: whoever has just opened it goes on there. @param {HTMLElement} place */
export const hasForm = (place) => place.querySelector("form") !== null;
/**
 * Forms of a view that stay while what is around them is drawn anew: of a name, the one in which something is typed, or
 * that `isOpen`; else a new one.
 * @returns {Stays}
 */
export function staying() {
  /** @type {Map<string, any>} */
  const forms = new Map();
  return (name, make, isOpen) => {
    const before = forms.get(name);
    const form = before && (before.matches("[data-unsaved]") || isTypedIn(before) || isOpen?.(before)) ? before : make();
    forms.set(name, form);
    return form;
  };
}

/** Draws a place anew; whoever types in something that stays goes on there: `draw` takes it out of where it was.
 * @param {HTMLElement} place @param {() => Node[]} draw */
export function redrawn(place, draw) {
  const at = /** @type {HTMLElement | null} */ (document.activeElement);
  place.replaceChildren(...draw());
  if (at?.isConnected && at !== document.activeElement) at.focus({ preventScroll: true });
}

// Whether nothing would be lost of what is typed in it, or somebody wants it to be.
/** @param {HTMLElement} within */
export function mayLeave(within = $("view")) {
  const forms = typedIn(within);
  if (forms.length && !confirm(t("panel.leave_unsaved"))) return false;
  forms.forEach(settled);
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
