// The fields of a calculator, and what it makes of them: in the deal card, and in the panel beside its builder.

import { element } from "../ui/dom.js";
import { inLanguage, language as mine, money, t } from "../ui/i18n.js";
import { reckon } from "./engine.js";

const MOST_ROWS = 50;

// {view, lines, values, restore, result}: `view` are the fields, `lines` the items and the sum under them; `values()` is
// what stands in the fields, which `restore` puts back, `result()` what it makes. Every change is an `input` event.
export function form(calculator, language = mine) {
  const adders = {};
  const rows = Object.fromEntries(calculator.fields.filter(({ kind }) => kind === "rows").map((field) => [field.id, []]));
  const controls = new Map(); // id, of a field in rows with the index of its row -> {box, control, field}
  const list = element("ul", { className: "items" });
  const sum = element("output", {});
  const extras = element("div", {});
  const refused = element("p", { className: "error" });
  refused.setAttribute("role", "status");
  let now = null;

  const values = () => {
    const read = (field, prefix) => {
      if (field.kind === "rows") return rows[field.id].map((number) => Object.fromEntries(field.fields.map((one) => [one.id, read(one, `${number}.`)])));
      const { control } = controls.get(prefix + field.id);
      return field.kind === "switch" ? control.checked : control.value;
    };
    return Object.fromEntries(calculator.fields.map((field) => [field.id, read(field, "")]));
  };
  const refresh = () => {
    now = reckon(calculator, values(), language);
    for (const field of calculator.fields) {
      ask(controls.get(field.id), now.asked(field.id));
      for (const [index, number] of (rows[field.id] ?? []).entries()) {
        for (const one of field.fields) ask(controls.get(`${number}.${one.id}`), now.asked(one.id, index));
      }
    }
    const cost = (amount) => element("span", { text: money(amount, calculator.currency, language) });
    list.replaceChildren(...now.items.map((item) => element("li", {}, element("span", { text: `${item.name} × ${item.quantity.replace(".", ",")} ${item.unit}` }), cost(item.amount))));
    extras.replaceChildren(...[["discount", "−"], ["delivery", "+"]].filter(([name]) => now[name] !== "0").map(([name, sign]) =>
      element("p", { className: "total soft" }, element("span", { text: t(`calculator.${name}`) }), element("span", { text: `${sign} ${money(now[name], calculator.currency, language)}` }))));
    sum.textContent = money(now.total, calculator.currency, language);
    refused.textContent = now.refused ?? "";
  };
  const input = (field, prefix) => {
    const made = field.kind === "rows" ? rowsOf(field) : control(field, prefix, language);
    controls.set(prefix + field.id, made);
    return made.box;
  };
  const rowsOf = (field) => {
    const place = element("div", {});
    const add = element("button", { text: `+ ${inLanguage(field.label, language)}`, className: "quiet small", type: "button" });
    let numbers = 0;
    adders[field.id] = add;
    const draw = () => { add.disabled = rows[field.id].length >= Number(field.most ?? MOST_ROWS); };
    add.onclick = () => {
      const number = ++numbers;
      rows[field.id].push(number);
      const remove = element("button", { text: "×", className: "quiet small", type: "button" });
      remove.setAttribute("aria-label", `${t("remove")}: ${inLanguage(field.label, language)} ${number}`);
      const box = element("div", { className: "row-fields" }, element("div", { className: "grow" }, ...inPairs(field.fields, (one) => input(one, `${number}.`))), remove);
      remove.onclick = () => {
        if (rows[field.id].length <= Number(field.least ?? 0)) return;
        rows[field.id] = rows[field.id].filter((one) => one !== number);
        box.remove();
        add.focus();
        draw();
        view.dispatchEvent(new Event("input", { bubbles: true }));
      };
      place.append(box);
      draw();
    };
    add.addEventListener("click", () => view.dispatchEvent(new Event("input", { bubbles: true })));
    const box = element("fieldset", {}, element("legend", { text: inLanguage(field.label, language) }), place, add);
    for (let made = 0; made < Math.max(1, Number(field.least ?? 1)); made += 1) add.onclick();
    return { box, control: null, field };
  };
  const restore = (kept) => {
    const put = (field, prefix, value) => {
      const { control } = controls.get(prefix + field.id);
      if (value === undefined) return;
      if (field.kind === "switch") control.checked = value;
      else if (field.kind !== "choice" || field.options.some((one) => one.id === value)) control.value = value;
    };
    for (const field of calculator.fields) {
      if (field.kind !== "rows") put(field, "", kept[field.id]);
      for (const [index, row] of (field.kind === "rows" ? kept[field.id] ?? [] : []).entries()) {
        if (index >= rows[field.id].length) adders[field.id].onclick();
        for (const one of field.fields) put(one, `${rows[field.id][index]}.`, row[one.id]);
      }
    }
    refresh();
  };
  const view = element("div", {}, ...inPairs(calculator.fields, (field) => input(field, "")));
  view.addEventListener("input", refresh);
  refresh();
  const lines = element("div", {}, list, extras, refused, element("p", { className: "total" }, element("span", { text: t("calculator.total") }), sum));
  return { view, lines, values, restore, result: () => now };
}

// A field that is not asked is not seen, not required, and not in anybody's way.
function ask({ box, control }, isAsked) {
  box.hidden = !isAsked;
  if (control) control.disabled = !isAsked;
}

function control(field, prefix, language) {
  const id = `field-${prefix.replace(".", "-")}${field.id}`;
  const label = inLanguage(field.label, language);
  const name = prefix + field.id;
  if (field.kind === "switch") {
    const box = element("input", { type: "checkbox", name, id, checked: field.default === true });
    return { box: element("label", { className: "check" }, box, label), control: box, field };
  }
  let made;
  if (field.kind === "choice") {
    made = element("select", { name, id }, ...field.options.map((one) => new Option(inLanguage(one.label, language), one.id)));
    if (field.options.some((one) => one.id === field.default)) made.value = field.default;
  } else {
    const types = { number: "number", date: "date", time: "time", text: "text" };
    made = element("input", { type: types[field.kind], name, id, required: field.kind !== "text", placeholder: " ", ...(field.kind === "text" ? { maxLength: 200 } : {}) });
    if (field.least !== undefined) made.min = field.least;
    if (field.most !== undefined) made.max = field.most;
    if (field.kind === "number") made.step = field.step ?? "any";
    if (field.default !== undefined) made.value = field.default;
    if (field.kind === "date" && field.default === undefined) made.value = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  }
  return { box: element("label", {}, label, made), control: made, field };
}

// Fields that are half as wide stand in pairs.
function inPairs(fields, input) {
  const shown = [];
  for (const field of fields) {
    const before = shown.at(-1);
    if (!field.is_half || field.kind === "rows") shown.push(input(field));
    else if (before?.className === "pair" && before.children.length === 1) before.append(input(field));
    else shown.push(element("div", { className: "pair" }, input(field)));
  }
  return shown;
}
