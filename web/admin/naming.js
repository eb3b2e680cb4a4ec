// The names of what a calculator's document holds: fields, numbers and options. No name means two things, and another
// name goes into every formula and text that has the old one.

import { inLanguage } from "../ui/i18n.js";
import { renamed } from "./references.js";

/** @typedef {import("../../types/draft.js").Draft} Draft */
/** @typedef {import("../../types/draft.js").Field} Field */
/** @typedef {import("../../types/draft.js").Option} Option */
/** @typedef {import("../../types/draft.js").Variable} Variable */
/** @typedef {Pick<Draft, "fields"> & Partial<Draft>} Part A document, or as much of one as names are looked for in */

/** @type {Record<string, string>} */
const LETTERS = { а: "a", б: "b", в: "v", г: "g", ґ: "g", д: "d", е: "e", є: "ye", ё: "e", ж: "zh", з: "z", и: "i", і: "i", ї: "yi", й: "y", к: "k", л: "l", м: "m", н: "n", о: "o", п: "p", р: "r", с: "s", т: "t", у: "u", ф: "f", х: "h", ц: "ts", ч: "ch", ш: "sh", щ: "sch", ы: "y", э: "e", ю: "yu", я: "ya" };
const RESERVED = ["and", "or", "not", "in", "subtotal"];
const NAME = /^[a-z][a-z0-9_]{0,31}$/;

/** @param {Part} document */
export const allFields = (document) => document.fields.flatMap((field) => [field, ...(field.fields ?? [])]);
/** @param {Part} document */
const names = (document) => [...allFields(document), ...(document.variables ?? [])].map((one) => one.id);

// What a formula may name.
/** @param {Part} document @param {import("../../types/draft.js").Scope} scope */
export function namesFor(document, scope) {
  if (scope && typeof scope === "object") return document.fields.slice(0, document.fields.indexOf(scope.until)).map((one) => one.id);
  const outer = [...document.fields, ...(document.variables ?? [])].map((one) => one.id);
  if (scope === "subtotal") return ["subtotal", ...outer];
  const rows = document.fields.find((one) => one.id === scope);
  return [...(rows?.fields ?? []).map((one) => one.id), ...outer];
}

/** @param {string[]} taken @param {string} wish */
function freshId(taken, wish) {
  let made = wish;
  for (let number = 2; taken.includes(made); number += 1) made = `${wish.replace(/_?\d+$/, "").slice(0, 28)}_${number}`;
  return made;
}

/** @param {Part} document @param {string} wish */
export const freshName = (document, wish) => freshId([...names(document), ...RESERVED], wish);
/** @param {Field} field @param {string} wish */
export const freshOption = (field, wish) => freshId((field.options ?? []).map((one) => one.id), wish);

// "Высота, мм" -> "vysota_mm"
/** @param {string} text */
const nameFrom = (text) => text.toLowerCase().replace(/[\u0400-\u04ff]/g, (letter) => LETTERS[letter] ?? "").normalize("NFD").replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 24);

/** @param {Part} document @param {Parameters<typeof renamed>[1]} change */
function changeFormulas(document, change) {
  /** @template {string} Member @param {{ [member in Member]?: string }[]} owners @param {Member[]} members */
  const inAll = (owners, ...members) => {
    for (const owner of owners) for (const member of members) {
      const formula = owner[member];
      if (typeof formula === "string") owner[member] = renamed(formula, change);
    }
  };
  inAll(allFields(document), "when");
  inAll(document.variables ?? [], "formula");
  inAll(document.items ?? [], "quantity", "price", "discount", "when");
  inAll(document.rules ?? [], "refuse");
  inAll([document], "discount", "delivery");
}

// Of a field or a number with a name. False where it cannot be called so.
/** @param {Part} document @param {Field | Variable} owner @param {string} name */
export function rename(document, owner, name) {
  const old = owner.id;
  if (name === old) return true;
  if (!NAME.test(name) || names(document).includes(name) || RESERVED.includes(name)) return false;
  owner.id = name;
  changeFormulas(document, (named) => (named.name === old ? name : undefined));
  for (const one of document.items ?? []) if (one.option === old) one.option = name;
  for (const one of [...(document.items ?? []), ...(document.parameters ?? [])]) if (one.each === old) one.each = name;
  for (const words of [...(document.items ?? []).map((item) => item.name ?? {}), ...(document.parameters ?? []).map((one) => one.text ?? {})]) {
    for (const [code, text] of Object.entries(words)) words[code] = text.replaceAll(`{${old}}`, `{${name}}`);
  }
  return true;
}

// Of an option, in the formulas that compare this choice. False where it cannot be called so.
/** @param {Draft} document @param {Field} field @param {Option} option @param {string} name */
export function renameOption(document, field, option, name) {
  const old = option.id;
  if (name === old) return true;
  if (!NAME.test(name) || field.options?.some((one) => one.id === name)) return false;
  option.id = name;
  if (field.default === old) field.default = name;
  changeFormulas(document, (named) => (named.field === field.id && named.option === old ? name : undefined));
  return true;
}

// A copy has names of its own: a list of rows for its fields too.
/** @template {Field | Variable} Named @param {Draft} document @param {Named} owner @returns {Named} */
export function copyOfNamed(document, owner) {
  const copy = structuredClone(owner);
  const alone = { fields: [/** @type {Field} */ (copy)] }; // a variable as a field without rows
  const taken = [...names(document), ...RESERVED];
  for (const one of allFields(alone)) {
    const name = freshId(taken, one.id);
    taken.push(name);
    rename(alone, one, name);
  }
  return copy;
}

/** @param {Field} field @param {Option} option @returns {Option} */
export const copyOfOption = (field, option) => ({ ...structuredClone(option), id: freshOption(field, option.id) });

// What was called after nothing yet is called after its label. Whether anything was.
/** @param {Draft} document @param {Field} field @param {string} language */
export function nameAfterLabel(document, field, language) {
  const wish = nameFrom(inLanguage(field.label, language));
  return /^field(_\d+)?$/.test(field.id) && wish !== "" && wish !== field.id && rename(document, field, freshName(document, wish));
}

/** @param {Draft} document @param {Field} field @param {Option} option @param {string} language */
export function nameOptionAfterLabel(document, field, option, language) {
  const wish = nameFrom(inLanguage(option.label, language));
  return /^option(_\d+)?$/.test(option.id) && wish !== "" && wish !== option.id && renameOption(document, field, option, freshOption(field, wish));
}

/** @param {Draft} document @param {string} language */
export function nameAfterLabels(document, language) {
  for (const field of allFields(document)) {
    nameAfterLabel(document, field, language);
    for (const option of field.options ?? []) nameOptionAfterLabel(document, field, option, language);
  }
}
