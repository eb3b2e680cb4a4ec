// The editor of a calculator's document (features/calculations/calculator.py), without JSON: everything has a field, a
// name in formulas, and a place for what is wrong with it. It changes the document that it is given.

import { element } from "../ui/dom.js";
import { inLanguage, LANGUAGES, t } from "../ui/i18n.js";
import { moduleOf } from "./modules.js";
import { allFields, copyOfNamed, copyOfOption, freshName, freshOption, nameAfterLabel, nameOptionAfterLabel, namesFor, rename, renameOption } from "./naming.js";
import { told } from "./pieces.js";

/** @typedef {import("../../types/calculator.js").InLanguages} InLanguages */
/** @typedef {import("../../types/draft.js").Draft} Draft */
/** @typedef {import("../../types/draft.js").Field} Field */
/** @typedef {import("../../types/draft.js").Item} Item */
/** @typedef {import("../../types/draft.js").Scope} Scope */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */
/** @typedef {Partial<Omit<HTMLInputElement, "dataset" | "style" | "list" | "form">>} Properties */
/**
 * Called after every change; with true, or "soon", where the editor has to be drawn anew, `at` being the field (`data-path`)
 * or the new entry (`data-entry`) in which somebody goes on.
 * @typedef {(isOther: boolean | "soon", at?: string | null) => void} Changed
 */
/** @typedef {<Owner extends object>(owner: Owner, name: keyof Owner & string, path: string, label: string, properties?: Properties) => HTMLElement} OfMember The field for a member of an owner */
/** @template List @typedef {NonNullable<List> extends (infer One extends object)[] ? One : never} EntryOf */
/**
 * @template {object} Owner @template {keyof Owner & string} Name @template {object} Entry
 * @typedef {object} Listed
 * @property {Owner} owner
 * @property {Name} name the member that holds the entries
 * @property {string} path
 * @property {string} title
 * @property {(entry: Entry) => string} named
 * @property {(entry: Entry, path: string) => (HTMLElement | null)[]} body
 * @property {() => Entry} fresh
 * @property {string} add
 * @property {string} [hint]
 * @property {(entry: Entry, path: string) => HTMLElement} [beside] what is seen and changed without opening the entry
 * @property {(entry: Entry) => Entry} [copied]
 */

const KINDS = ["number", "choice", "switch", "text", "date", "time", "rows"];
const UNITS = ["mm", "cm", "m", "km", "mm2", "cm2", "m2", "mm3", "cm3", "m3", "l", "g", "kg", "t", "min", "h", "day", "ha"];
const FUNCTIONS = ["min(, )", "max(, )", "round(, )", "up(, )", "down(, )", "if(, , )", "sum(, )", "count()", "largest(, )", "any(, )", "price()", "value()", "given()"];
/** @type {(one: string) => [string, string]} */
const itself = (one) => [one, one];
const opened = new WeakSet(); // entries that somebody is looking into
const folded = new Set(); // sections that nobody wants to see

/** @returns {Draft} */
export const empty = (currency = "RUB") => ({ title: {}, currency, fields: [], items: [] });

// How many texts a language lacks.
/** @param {Draft} document @param {string} language */
export function lacking(document, language) {
  let count = 0;
  visitWords(document, (words) => { if (!words[language]) count += 1; });
  return count;
}

/** @param {unknown} value @param {(words: InLanguages) => void} visit */
function visitWords(value, visit) {
  if (Array.isArray(value)) value.forEach((one) => visitWords(one, visit));
  else if (value && typeof value === "object") {
    const members = Object.entries(value);
    if (members.length && members.every(([name]) => name in LANGUAGES)) visit(/** @type {InLanguages} */ (value));
    else members.forEach(([, one]) => visitWords(one, visit));
  }
}

/** @param {Draft} document @param {string} language @param {Changed} changed */
export function builder(document, language, changed) {
  const make = editor(document, language, changed);
  return element("div", { className: "builder" }, make.head(),
    section("fields", make.fields(null, "fields", t("builder.fields"))), section("variables", make.variables()), section("items", make.items()),
    section("totals", make.totals()), section("rules", make.rules()), section("parameters", make.parameters()));
}

// A part that folds: what was the heading of its fields is what is pressed.
/** @param {string} name @param {HTMLFieldSetElement} fields */
function section(name, fields) {
  const legend = /** @type {HTMLLegendElement} */ (fields.querySelector("legend"));
  const heading = legend.textContent ?? "";
  const count = fields.querySelectorAll(":scope > .line").length;
  const made = element("details", { className: "section", open: !folded.has(name) }, element("summary", {}, element("b", { text: heading }), count ? element("small", { text: ` ${count}` }) : null), fields);
  fields.setAttribute("aria-label", heading);
  legend.remove();
  made.ontoggle = () => (made.open ? folded.delete(name) : folded.add(name));
  return made;
}

/** @param {Draft} document @param {string} language @param {Changed} changed */
function editor(document, language, changed) {
  // --- single values ---------------------------------------------------------------------------------------------

  // Whatever was written there: owners are of several kinds, and come from files as well.
  /** @template {object} Owner @param {Owner} owner @param {keyof Owner & string} name @returns {any} */
  const member = (owner, name) => owner[name];
  const place = (/** @type {string} */ path, /** @type {string} */ label, /** @type {Control} */ control, /** @type {string | null} */ hint = null) => {
    control.dataset.path = path;
    const told = element("small", { className: "error", id: `problem-${path}` });
    told.dataset.problem = path;
    const help = hint && element("small", { text: hint, id: `hint-${path}` });
    control.setAttribute("aria-describedby", hint ? `hint-${path} problem-${path}` : `problem-${path}`);
    return element("div", { className: "field" }, element("label", {}, label, control), help, told);
  };
  /** @template {object} Owner @param {Owner} owner @param {keyof Owner & string} name @param {unknown} value */
  const set = (owner, name, value) => {
    if (value === "" || value === null || value === undefined || value === false) delete owner[name];
    else Object.assign(owner, { [name]: value });
    changed(false);
  };
  /** @type {OfMember} */
  const plain = (owner, name, path, label, properties = {}) => {
    const control = element("input", { value: member(owner, name) ?? "", placeholder: " ", ...properties });
    control.oninput = () => set(owner, name, control.value.trim());
    return place(`${path}.${name}`, label, control);
  };
  /** @type {OfMember} */
  const amount = (owner, name, path, label, properties = {}) => plain(owner, name, path, label, { type: "number", step: "any", ...properties });
  /** @template {object} Owner @param {Owner} owner @param {keyof Owner & string} name @param {string} label */
  const check = (owner, name, label) => {
    const box = element("input", { type: "checkbox", checked: member(owner, name) === true });
    box.onchange = () => set(owner, name, box.checked);
    return element("label", { className: "check" }, box, label);
  };
  /**
   * @template {object} Owner @param {Owner} owner @param {keyof Owner & string} name @param {string} path @param {string} label
   * @param {[string, string][]} choices @param {boolean} isOther
   */
  const select = (owner, name, path, label, choices, isOther = false) => {
    const control = element("select", {}, ...choices.map(([value, text]) => new Option(text, value, false, value === (member(owner, name) ?? ""))));
    control.onchange = () => {
      set(owner, name, control.value);
      if (name === "option" && control.value) fromChoice(owner);
      if (isOther) changed(true);
    };
    return place(path ? `${path}.${name}` : name, label, control);
  };
  // Name and price come from what is chosen, unless somebody has given the line its own.
  const fromChoice = (/** @type {Item} */ item) => {
    if (!Object.keys(item.name ?? {}).length) delete item.name;
    if (item.price === "0") delete item.price;
  };
  // A text in the language that is edited; what other languages say stands in grey.
  /** @type {OfMember} */
  const words = (owner, name, path, label) => {
    const now = member(owner, name);
    const isPlain = typeof now === "string";
    const control = element("input", { value: (isPlain ? now : now?.[language]) ?? "", placeholder: now && !isPlain && Object.keys(now).length ? inLanguage(now, language) : " ", maxLength: 200, lang: language });
    control.oninput = () => {
      const text = control.value.trim();
      if (isPlain) set(owner, name, text);
      else {
        const { [language]: _, ...others } = member(owner, name) ?? {};
        const made = text ? { ...others, [language]: text } : others;
        if (Object.keys(made).length || ["title", "label", "message", "text"].includes(name)) Object.assign(owner, { [name]: made });
        else delete owner[name];
        changed(false);
      }
    };
    return place(path ? `${path}.${name}` : name, label, control);
  };
  /**
   * @template {object} Owner @param {Owner} owner @param {keyof Owner & string} name @param {string} path @param {string} label
   * @param {Scope} scope @param {string | null} hint
   */
  const formula = (owner, name, path, label, scope, hint = null) => {
    const control = element("input", { value: member(owner, name) ?? "", placeholder: " ", spellcheck: false, autocomplete: "off", className: "formula", maxLength: 500 });
    const typed = () => set(owner, name, control.value.trim());
    control.oninput = typed;
    const add = element("select", { className: "insert" }, new Option("+", ""), ...[...namesFor(document, scope), ...FUNCTIONS].map((one) => new Option(spoken(one), one)));
    add.setAttribute("aria-label", `${label}: ${t("builder.insert")}`);
    add.onchange = () => {
      const at = control.selectionStart ?? control.value.length;
      control.setRangeText(add.value, at, control.selectionEnd ?? at, "end");
      add.value = "";
      control.focus();
      typed();
    };
    const made = place(path ? `${path}.${name}` : name, label, control, hint);
    made.append(element("small", { className: "soft", dataset: { value: control.dataset.path } }));
    return element("div", { className: "with-insert" }, made, add);
  };
  // A name in formulas, with the words that people know it by.
  const spoken = (/** @type {string} */ name) => {
    const label = inLanguage(allFields(document).find((one) => one.id === name)?.label ?? {}, language);
    return label ? `${label} · ${name}` : name;
  };

  // --- lists -----------------------------------------------------------------------------------------------------

  /**
   * @template {object} Owner @template {keyof Owner & string} Name
   * @param {Listed<Owner, Name, EntryOf<Owner[Name]>>} listed
   */
  const list = ({ owner, name, path, title, named, body, fresh, add, hint, beside, copied = structuredClone }) => {
    /** @typedef {EntryOf<Owner[Name]>} Entry */
    /** @type {Entry[]} */
    const entries = member(owner, name) ?? [];
    const move = (/** @type {number} */ from, /** @type {number} */ to, at = "") => {
      if (to < 0 || to >= entries.length) return;
      entries.splice(to, 0, ...entries.splice(from, 1));
      changed(true, at && `${path}[${to}]${at}`);
    };
    // Carried by its handle, or moved by the arrows, which leave the focus on it.
    const handle = (/** @type {Entry} */ entry, /** @type {number} */ index) => {
      const button = element("button", { text: "⠿", className: "quiet small handle", type: "button", title: t("builder.drag_hint") });
      button.dataset.path = `${path}[${index}]!`;
      button.setAttribute("aria-label", `${t("builder.drag")}: ${t("builder.place", { name: named(entry) || "—", number: index + 1, count: entries.length })}`);
      button.onkeydown = (event) => {
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        move(index, index + step, "!");
      };
      button.onpointerdown = (event) => {
        if (event.button) return;
        event.preventDefault();
        button.focus();
        button.setPointerCapture(event.pointerId); // while the module comes
        void told(async () => {
          const { carried } = await moduleOf("moving");
          const to = await carried(event, button, rows, index);
          if (to !== null) move(index, to, "!");
        });
      };
      return button;
    };
    /** @type {HTMLElement[]} */
    const rows = entries.map((entry, index) => {
      const here = `${path}[${index}]`;
      const small = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ onclick, disabled = false) => {
        const button = element("button", { text, className: "quiet small", type: "button", onclick, disabled, title: label });
        button.setAttribute("aria-label", `${label}: ${named(entry) || index + 1}`);
        return button;
      };
      const summary = element("summary", { text: named(entry) || "—" });
      const details = element("details", { open: opened.has(entry) }, summary, element("div", { className: "entry" }, ...body(entry, here),
        element("div", { className: "actions" }, small("↑", t("builder.up"), () => move(index, index - 1), index === 0), small("↓", t("builder.down"), () => move(index, index + 1), index === entries.length - 1),
          small(t("builder.copy"), t("builder.copy"), () => { const copy = copied(entry); entries.splice(index + 1, 0, copy); opened.add(copy); changed(true); }),
          small("×", t("remove"), () => { entries.splice(index, 1); if (!entries.length && name !== "fields" && name !== "items") delete owner[name]; changed(true); }))));
      details.addEventListener("input", () => { summary.textContent = named(entry) || "—"; });
      details.dataset.entry = here;
      details.ontoggle = () => (details.open ? opened.add(entry) : opened.delete(entry));
      return element("div", { className: "line" }, entries.length > 1 ? handle(entry, index) : element("span", {}), details, beside?.(entry, here));
    });
    const button = element("button", { text: `+ ${add}`, className: "quiet small", type: "button", onclick: () => {
      const entry = fresh();
      opened.add(entry);
      Object.assign(owner, { [name]: [...entries, entry] });
      changed(true, `${path}[${entries.length}]`);
    } });
    button.dataset.add = path;
    return element("fieldset", {}, element("legend", { text: title }), hint && element("p", { className: "soft", text: hint }), ...rows, button);
  };

  /** @type {(isOuter: boolean) => [string, string][]} */
  const kinds = (isOuter) => KINDS.filter((kind) => isOuter || kind !== "rows").map((kind) => [kind, t(`builder.kind_${kind}`)]);
  // Of the document, or of each row of a list.
  /** @type {(rows: Field | null, path: string, title: string) => HTMLFieldSetElement} */
  const fields = (rows, path, title) => list({
    owner: rows ?? document, name: "fields", path, title, add: t("builder.add_field"),
    named: (field) => inLanguage(field.label, language) || field.id,
    fresh: () => ({ id: freshName(document, "field"), kind: "number", label: {} }), copied: (field) => copyOfNamed(document, field),
    body: (field, here) => [
      element("div", { className: "grid" }, called(words(field, "label", here, t("builder.label")), () => nameAfterLabel(document, field, language)),
        select(field, "kind", here, t("builder.kind"), kinds(!rows), true), nameInput(field, here)),
      ...ofKind(field, here),
      formula(field, "when", here, t("builder.asked_if"), rows ? rows.id : { until: field }),
    ],
  });
  const ofKind = (/** @type {Field} */ field, /** @type {string} */ here) => {
    if (field.kind === "choice") return [options(field, here)];
    if (field.kind === "rows") return [element("div", { className: "grid" }, amount(field, "least", here, t("builder.least_rows")), amount(field, "most", here, t("builder.most_rows"))), fields(field, `${here}.fields`, t("builder.row_fields"))];
    if (field.kind === "number") {
      return [element("div", { className: "grid" }, select(field, "unit", here, t("builder.unit_of_number"), [["", t("builder.no_unit")], ...UNITS.map(itself)]),
        amount(field, "least", here, t("builder.least")), amount(field, "most", here, t("builder.most")), amount(field, "step", here, t("builder.step")), preset(field, here)), check(field, "is_half", t("builder.half"))];
    }
    return field.kind === "switch" ? [check(field, "default", t("builder.is_on"))] : [];
  };
  const preset = (/** @type {Field} */ field, /** @type {string} */ here) => {
    const control = element("input", { type: "number", step: "any", value: String(field.default ?? ""), placeholder: " " });
    control.oninput = () => set(field, "default", control.value === "" ? "" : Number(control.value));
    return place(`${here}.default`, t("builder.default"), control);
  };
  // What has a made-up name only is called after its label as soon as that is typed, for the sake of whoever writes formulas.
  /** @param {HTMLElement} made @param {() => boolean} rename_ */
  const called = (made, rename_) => {
    made.addEventListener("change", () => { if (rename_()) changed("soon"); });
    return made;
  };
  // `renamed` says whether it can be called so; where it cannot, that is told, and the old name stays.
  /** @param {Field | import("../../types/draft.js").Variable} owner @param {string} here @param {(name: string) => boolean} renamed */
  const nameInput = (owner, here, renamed = (name) => rename(document, owner, name)) => {
    const control = element("input", { value: owner.id, pattern: "[a-z][a-z0-9_]*", maxLength: 32, required: true, spellcheck: false });
    const made = place(`${here}.id`, t("builder.name"), control);
    control.onchange = () => {
      const name = control.value.trim(), isDone = renamed(name), told_ = /** @type {HTMLElement} */ (made.querySelector("[data-problem]"));
      told_.toggleAttribute("data-refused", !isDone); // it outlives what an earlier change is answered
      if (isDone) return changed("soon");
      control.value = owner.id;
      told_.textContent = t("builder.name_refused", { name });
    };
    return made;
  };
  const options = (/** @type {Field} */ field, /** @type {string} */ here) => list({
    owner: field, name: "options", path: `${here}.options`, title: t("builder.options"), add: t("builder.add_option"),
    named: (one) => inLanguage(one.label, language),
    fresh: () => ({ id: freshOption(field, "option"), label: {}, price: "0" }), copied: (one) => copyOfOption(field, one),
    beside: (one, place_) => amount(one, "price", place_, t("builder.price"), { min: "0" }),
    body: (one, place_) => [element("div", { className: "grid" }, called(words(one, "label", place_, t("builder.label")), () => nameOptionAfterLabel(document, field, one, language)), words(one, "unit", place_, t("builder.unit")),
      plain(one, "sku", place_, t("builder.sku")), amount(one, "value", place_, t("builder.value")), plain(one, "category", place_, t("builder.category")), nameInput(one, place_, (name) => renameOption(document, field, one, name)))],
  });

  // --- parts -----------------------------------------------------------------------------------------------------

  /** @type {(kind: string) => [string, string][]} */
  const choices = (kind) => document.fields.flatMap((field) => [field, ...(kind === "rows" ? [] : field.fields ?? [])]).filter((field) => field.kind === kind).map((field) => [field.id, inLanguage(field.label, language) || field.id]);
  return {
    fields,
    head: () => element("div", { className: "grid" }, words(document, "title", "", t("builder.title")), currency()),
    variables: () => list({
      owner: document, name: "variables", path: "variables", title: t("builder.variables"), hint: t("builder.variables_hint"), add: t("builder.add_variable"),
      named: (one) => `${one.id} = ${one.formula ?? ""}`, fresh: () => ({ id: freshName(document, "number"), formula: "1" }), copied: (one) => copyOfNamed(document, one),
      body: (one, here) => [element("div", { className: "grid" }, nameInput(one, here)), formula(one, "formula", here, t("builder.formula"), null)],
    }),
    items: () => list({
      owner: document, name: "items", path: "items", title: t("builder.items"), hint: t("builder.items_hint"), add: t("builder.add_item"),
      named: itemName, fresh: () => ({ name: {}, price: "0" }),
      body: (item, here) => [
        element("div", { className: "grid" }, select(item, "option", here, t("builder.from_choice"), [["", t("builder.own")], ...choices("choice")], true),
          choices("rows").length ? select(item, "each", here, t("builder.each"), [["", t("builder.once")], ...choices("rows")], true) : null, words(item, "name", here, t("builder.item_name"))),
        formula(item, "quantity", here, t("builder.quantity"), item.each, t("builder.quantity_hint")),
        element("div", { className: "grid" }, select(item, "measure", here, t("builder.measure"), [["", t("builder.no_unit")], ...UNITS.map(itself)]), amount(item, "least", here, t("builder.charged_least"), { min: "0" }),
          words(item, "unit", here, t("builder.unit")), plain(item, "sku", here, t("builder.sku"))),
        formula(item, "price", here, t("builder.price"), item.each, item.option ? t("builder.price_hint") : null),
        formula(item, "discount", here, t("builder.line_discount"), item.each), formula(item, "when", here, t("builder.only_if"), item.each),
      ],
    }),
    totals: () => element("fieldset", {}, element("legend", { text: t("builder.totals") }), element("p", { className: "soft", text: t("builder.totals_hint") }),
      formula(document, "discount", "", t("builder.discount"), "subtotal"), formula(document, "delivery", "", t("builder.delivery"), "subtotal")),
    rules: () => list({
      owner: document, name: "rules", path: "rules", title: t("builder.rules"), hint: t("builder.rules_hint"), add: t("builder.add_rule"),
      named: (rule) => rule.refuse ?? "", fresh: () => ({ refuse: "1 = 0", message: {} }),
      body: (rule, here) => [formula(rule, "refuse", here, t("builder.refuse"), null), words(rule, "message", here, t("builder.message"))],
    }),
    parameters: () => list({
      owner: document, name: "parameters", path: "parameters", title: t("builder.parameters"), hint: t("builder.parameters_hint"), add: t("builder.add_parameter"),
      named: (one) => inLanguage(one.name ?? {}, language), fresh: () => ({ name: {}, text: {} }),
      body: (one, here) => [element("div", { className: "grid" }, words(one, "name", here, t("builder.label")), words(one, "text", here, t("builder.text")),
        choices("rows").length ? select(one, "each", here, t("builder.each"), [["", t("builder.once")], ...choices("rows")], true) : null)],
    }),
  };

  function currency() {
    const control = element("input", { value: document.currency ?? "", maxLength: 3, pattern: "[A-Z]{3}", required: true });
    control.oninput = () => { document.currency = control.value.trim().toUpperCase(); changed(false); };
    return place("currency", t("builder.currency"), control);
  }

  /** @param {Item} item */
  function itemName(item) {
    if (item.name && inLanguage(item.name, language)) return inLanguage(item.name, language);
    const field = allFields(document).find((one) => one.id === item.option);
    return field ? inLanguage(field.label, language) || field.id : "";
  }
}
