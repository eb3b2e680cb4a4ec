// The fields of a calculator, and what it makes of them: in the deal card, and in the panel beside its builder.

import { element } from "../ui/dom.js";
import { inLanguage, language as mine, money, t } from "../ui/i18n.js";
import { reckon } from "./engine.js";

/** @typedef {import("../../types/calculator.js").Calculator} Calculator */
/** @typedef {import("../../types/calculator.js").Field} Field */
/** @typedef {import("../../types/calculator.js").Given} Given */
/** @typedef {import("../../types/calculator.js").Result} Result */
/** @typedef {{ box: HTMLElement, control: any, field: Field }} Shown A field as it is shown; rows have no control. */
/** @typedef {{ numbers: number[], add: () => boolean, remove: (number: number) => boolean }} Rows */

const MOST_ROWS = 50;

// {view, lines, values, restore, result}: `view` are the fields, `lines` the items and the sum under them; `values()` is
// what stands in the fields, which `restore` puts back, as far as this calculator has a place for it: it gives the labels
// of the others. `result()` is what it makes. Every change is an `input` event.
/** @param {Calculator} calculator @param {string} language */
export function form(calculator, language = mine) {
  /** @type {Map<string, Rows>} */
  const rows = new Map();
  /** @type {Map<string, Shown>} */
  const controls = new Map(); // by id, of a field in rows with the number of its row
  const list = element("ul", { className: "items" });
  const sum = element("output", {});
  const extras = element("div", {});
  const refused = element("p", { className: "error" });
  refused.setAttribute("role", "status");
  /** @type {Result} */
  let now;

  const values = () => {
    /** @param {Field} field @param {string} prefix @returns {any} */
    const read = (field, prefix) => {
      if (field.kind === "rows") return rows.get(field.id)?.numbers.map((number) => Object.fromEntries(field.fields.map((one) => [one.id, read(one, `${number}.`)])));
      const control = controls.get(prefix + field.id)?.control;
      if (field.kind === "number") return digits(control.value);
      return field.kind === "switch" ? control.checked : control.value;
    };
    return Object.fromEntries(calculator.fields.map((field) => [field.id, read(field, "")]));
  };
  const refresh = () => {
    now = reckon(calculator, values(), language);
    for (const field of calculator.fields) {
      ask(controls.get(field.id), now.asked(field.id));
      for (const [index, number] of (rows.get(field.id)?.numbers ?? []).entries()) {
        for (const one of field.fields) ask(controls.get(`${number}.${one.id}`), now.asked(one.id, index));
      }
    }
    const cost = (/** @type {string} */ amount) => element("span", { text: money(amount, calculator.currency, language) });
    list.replaceChildren(...now.items.map((item) => element("li", {}, element("span", { text: `${item.name} × ${language === "en" ? item.quantity : item.quantity.replace(".", ",")} ${item.unit}` }), cost(item.amount))));
    /** @type {[string, string, string][]} */
    const more = [["discount", "−", now.discount], ["delivery", "+", now.delivery]];
    extras.replaceChildren(...more.filter(([, , amount]) => amount !== "0").map(([name, sign, amount]) =>
      element("p", { className: "total soft" }, element("span", { text: t(`calculator.${name}`) }), element("span", { text: `${sign} ${money(amount, calculator.currency, language)}` }))));
    sum.textContent = money(now.total, calculator.currency, language);
    refused.textContent = now.refused ?? "";
  };
  const input = (/** @type {Field} */ field, /** @type {string} */ prefix) => {
    const made = field.kind === "rows" ? rowsOf(field) : control(field, prefix, language);
    controls.set(prefix + field.id, made);
    return made.box;
  };
  /** @param {Field} field @returns {Shown} */
  const rowsOf = (field) => {
    const place = element("div", {});
    const button = element("button", { text: `+ ${inLanguage(field.label, language)}`, className: "quiet small", type: "button" });
    const boxes = new Map();
    /** @type {Rows} */
    const mine = { numbers: [], add: () => false, remove: () => false };
    let made = 0;
    const draw = () => { button.disabled = mine.numbers.length >= Number(field.most ?? MOST_ROWS); };
    mine.add = () => {
      if (mine.numbers.length >= Number(field.most ?? MOST_ROWS)) return false;
      const number = ++made;
      mine.numbers.push(number);
      const remove = element("button", { text: "×", className: "quiet small", type: "button", onclick: () => {
        if (!mine.remove(number)) return;
        button.focus();
        view.dispatchEvent(new Event("input", { bubbles: true }));
      } });
      remove.setAttribute("aria-label", `${t("remove")}: ${inLanguage(field.label, language)} ${number}`);
      const box = element("div", { className: "row-fields" }, element("div", { className: "grow" }, ...inPairs(field.fields, (one) => input(one, `${number}.`))), remove);
      boxes.set(number, box);
      place.append(box);
      draw();
      return true;
    };
    mine.remove = (number) => {
      if (mine.numbers.length <= Number(field.least ?? 0)) return false;
      mine.numbers = mine.numbers.filter((one) => one !== number);
      boxes.get(number)?.remove();
      draw();
      return true;
    };
    button.onclick = () => {
      mine.add();
      view.dispatchEvent(new Event("input", { bubbles: true }));
    };
    rows.set(field.id, mine);
    for (let count = 0; count < Math.max(1, Number(field.least ?? 1)); count += 1) mine.add();
    return { box: element("fieldset", {}, element("legend", { text: inLanguage(field.label, language) }), place, button), control: null, field };
  };
  // `before`: the calculator in which it was typed.
  /** @param {Given} kept */
  const restore = (kept, before = calculator) => {
    /** @type {Set<string>} */
    const lost = new Set();
    const put = (/** @type {Field} */ field, /** @type {string} */ prefix, /** @type {unknown} */ value) => {
      if (value !== undefined && !placed(controls.get(prefix + field.id)?.control, field, value)) lost.add(inLanguage(field.label, language));
    };
    const isFilled = (/** @type {unknown} */ value) => value !== undefined && value !== "" && value !== false;
    for (const field of calculator.fields) {
      const given = kept[field.id];
      if (field.kind !== "rows") put(field, "", given);
      else if (Array.isArray(given)) {
        const mine = /** @type {Rows} */ (rows.get(field.id));
        while (mine.numbers.length > given.length && mine.remove(mine.numbers.at(-1) ?? 0));
        while (mine.numbers.length < given.length && mine.add());
        if (given.length > mine.numbers.length) lost.add(inLanguage(field.label, language));
        for (const [index, number] of mine.numbers.entries()) for (const one of field.fields) put(one, `${number}.`, given[index]?.[one.id]);
      } else if (isFilled(given)) lost.add(inLanguage(field.label, language));
    }
    const isThere = (/** @type {Field} */ field, /** @type {Field[]} */ fields) => fields.some(({ id }) => id === field.id);
    for (const field of before.fields) {
      const now = calculator.fields.find(({ id }) => id === field.id);
      const gone = !now ? [field].filter(({ id }) => isFilled(kept[id]))
        : (field.fields ?? []).filter((one) => !isThere(one, now.fields ?? []) && kept[field.id].some((/** @type {Given} */ row) => isFilled(row[one.id])));
      for (const one of gone) lost.add(inLanguage(one.label, language));
    }
    refresh();
    return [...lost];
  };
  const view = element("div", {}, ...inPairs(calculator.fields, (field) => input(field, "")));
  view.addEventListener("input", refresh);
  refresh();
  const lines = element("div", {}, list, extras, refused, element("p", { className: "total" }, element("span", { text: t("calculator.total") }), sum));
  return { view, lines, values, restore, result: () => now };
}

// A number as it is reckoned with: browsers take ".5" and "1e3", too.
const digits = (/** @type {string} */ typed) => (/e/i.test(typed) ? String(Number(typed)) : typed.replace(/^(-?)\./, (_, /** @type {string} */ sign) => `${sign}0.`));

// Whether a control took what stood in one before.
/** @param {any} control @param {Field} field @param {unknown} value */
function placed(control, field, value) {
  if (field.kind === "rows" || typeof value !== (field.kind === "switch" ? "boolean" : "string")) return false;
  if (field.kind === "switch") {
    control.checked = value;
    return true;
  }
  const before = control.value;
  control.value = value;
  if (control.value === value) return true;
  control.value = before;
  return false;
}

// A field that is not asked is not seen, not required, and not in anybody's way.
/** @param {Shown | undefined} shown @param {boolean} isAsked */
function ask(shown, isAsked) {
  if (!shown) return;
  const { box, control } = shown;
  box.hidden = !isAsked;
  if (control) control.disabled = !isAsked;
}

// Of whoever looks, as a date control has it; a day need not have 24 hours.
function tomorrow() {
  const moment = new Date();
  moment.setDate(moment.getDate() + 1);
  return moment.toLocaleDateString("sv-SE");
}

/** @param {Field} field @param {string} prefix @param {string} language @returns {Shown} */
function control(field, prefix, language) {
  const id = `field-${prefix.replace(".", "-")}${field.id}`;
  const label = inLanguage(field.label, language);
  const name = prefix + field.id;
  if (field.kind === "switch") {
    const box = element("input", { type: "checkbox", name, id, checked: field.default === true });
    return { box: element("label", { className: "check" }, box, label), control: box, field };
  }
  /** @type {any} */
  let made;
  if (field.kind === "choice") {
    made = element("select", { name, id }, ...field.options.map((one) => new Option(inLanguage(one.label, language), one.id)));
    if (field.options.some((one) => one.id === field.default)) made.value = field.default;
  } else {
    made = element("input", { type: field.kind, name, id, required: field.kind !== "text", placeholder: " ", ...(field.kind === "text" ? { maxLength: 200 } : {}) });
    if (field.least !== undefined) made.min = field.least;
    if (field.most !== undefined) made.max = field.most;
    if (field.kind === "number") made.step = field.step ?? "any";
    if (field.default !== undefined) made.value = field.default;
    if (field.kind === "date" && field.default === undefined) made.value = tomorrow();
  }
  return { box: element("label", {}, label, made), control: made, field };
}

// Fields that are half as wide stand in pairs.
/** @param {Field[]} fields @param {(field: Field) => HTMLElement} input */
function inPairs(fields, input) {
  /** @type {HTMLElement[]} */
  const shown = [];
  for (const field of fields) {
    const before = shown.at(-1);
    if (!field.is_half || field.kind === "rows") shown.push(input(field));
    else if (before?.className === "pair" && before.children.length === 1) before.append(input(field));
    else shown.push(element("div", { className: "pair" }, input(field)));
  }
  return shown;
}
