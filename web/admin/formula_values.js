// What each formula of a calculator comes to for what stands in its preview: a number, or yes or no; in rows that repeat, of
// each row.

import { number, t } from "../ui/i18n.js";
import { seen } from "../widget/engine.js";
import { holds, value } from "../widget/formulas.js";

/** @typedef {import("../../types/calculator.js").Calculator} Calculator */
/** @typedef {import("../../types/calculator.js").Fraction} Fraction */
/** @typedef {import("../../types/calculator.js").Given} Given */
/** @typedef {import("../../types/calculator.js").Values} Values */

const MOST_ROWS = 5; // whose values are shown
const DIGITS = 4;
const CONDITIONS = ["when", "refuse"];

// `path` of the builder's field -> text. `calculator` is a checked one, in the document's order; `given` what was typed.
/** @param {Calculator} calculator @param {Given} given @param {string} language @returns {Map<string, string>} */
export function formulaValues(calculator, given, language) {
  /** @type {ReturnType<typeof seen>} */
  let known;
  try {
    known = seen(calculator, given, language);
  } catch {
    return new Map(); // that it cannot be reckoned is told in the preview
  }
  const found = new Map();
  const note = (/** @type {object} */ owner, /** @type {string} */ member, /** @type {string} */ path, /** @type {Values[] | null} */ rows = null) => {
    const tree = /** @type {Record<string, any>} */ (owner)[member];
    if (!tree) return;
    const of = (/** @type {Values} */ row) => {
      try {
        const here = { ...known.values, ...row };
        return CONDITIONS.includes(member) ? t(holds(tree, here, known.prices) ? "content.yes" : "content.no") : written(value(tree, here, known.prices), language);
      } catch {
        return "—";
      }
    };
    const texts = (rows ?? [{}]).map(of);
    found.set(path, [...texts.slice(0, MOST_ROWS), ...(texts.length > MOST_ROWS ? ["…"] : [])].join("; "));
  };
  const rowsOf = (/** @type {string | undefined} */ name) => (name ? known.values[name] ?? [] : null);
  for (const [index, field] of calculator.fields.entries()) {
    note(field, "when", `fields[${index}].when`);
    for (const [inner, one] of (field.fields ?? []).entries()) note(one, "when", `fields[${index}].fields[${inner}].when`, rowsOf(field.id));
  }
  for (const [index, one] of (calculator.variables ?? []).entries()) note(one, "formula", `variables[${index}].formula`);
  for (const [index, item] of calculator.items.entries()) {
    for (const member of ["quantity", "price", "discount", "when"]) note(item, member, `items[${index}].${member}`, rowsOf(item.each));
  }
  for (const [index, rule] of (calculator.rules ?? []).entries()) note(rule, "refuse", `rules[${index}].refuse`);
  for (const member of ["discount", "delivery"]) note(calculator, member, member);
  return found;
}

// A fraction of two BigInts, as people write it.
/** @param {Fraction} fraction @param {string} language */
function written([over, under], language) {
  const scale = 10n ** BigInt(DIGITS);
  return number(Number((over * scale) / under) / Number(scale), DIGITS, language);
}
