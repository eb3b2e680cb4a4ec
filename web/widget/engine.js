// What a calculator makes of what was typed and chosen: features/calculations/engine.py, which reckons it once more
// before anything is written. Money and quantities are exact fractions, and decimal text where they leave.

import { inLanguage, language as mine, t, worded } from "../ui/i18n.js";
import { compare, fraction, holds, minus, plus, EvaluationError, times, toStep, value, ZERO } from "./formulas.js";

/** @typedef {import("../../types/calculator.js").Calculator} Calculator */
/** @typedef {import("../../types/calculator.js").Field} Field */
/** @typedef {import("../../types/calculator.js").Fraction} Fraction */
/** @typedef {import("../../types/calculator.js").Given} Given */
/** @typedef {import("../../types/calculator.js").Item} Item */
/** @typedef {import("../../types/calculator.js").Line} Line */
/** @typedef {import("../../types/calculator.js").Prices} Prices */
/** @typedef {import("../../types/calculator.js").Result} Result */
/** @typedef {import("../../types/calculator.js").Tree} Tree */
/** @typedef {import("../../types/calculator.js").Values} Values */

/** @type {Fraction} */
const CENT = [1n, 100n];
/** @type {Fraction} */
const THOUSANDTH = [1n, 1000n];
/** @type {Fraction} */
const ONE = [1n, 1n];
/** @type {Fraction} */
const LARGEST = [10n ** 12n, 1n]; // of a quantity, a price and a sum
const NUMBER = /^-?\d{1,12}(\.\d{1,6})?$/;
const MOST_ITEMS = 250;
const LONGEST_NAME = 250;
const GAPS = /[ \t\n\r\u00a0,]+/g; // what is left of a text of which nothing was asked
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/** @type {Record<string, unknown>} */
const NOTHING = { number: ZERO, choice: "", switch: false, rows: [] };

// The result of one calculator for `given`: what stands in its fields, by their ids; rows are lists of the same.
// {title, currency, items, discount, delivery, total, parameters, refused, asked}; amounts as decimal text, `refused` is why it cannot be made,
// `asked(field)` whether it is asked now (of a field in rows with the index of its row).
/** @param {Calculator} calculator @param {Given} given @param {string} language @returns {Result} */
export function reckon(calculator, given, language = mine) {
  const prices = pricesOf(calculator.fields);
  /** @type {Set<string>} */
  const asked = new Set();
  try {
    const values = valuesOf(calculator, given, prices, asked);
    const broken = (calculator.rules ?? []).find(({ refuse }) => holds(refuse, values, prices));
    if (broken) return { ...nothing(asked), refused: inLanguage(broken.message, language) };
    const said = { title: inLanguage(calculator.title, language), currency: calculator.currency, parameters: parameters(calculator, values, language) };
    return { ...said, ...whole(calculator, values, prices, language), refused: null, asked: isIn(asked) };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { ...nothing(asked), refused: t(`calculator.${error.code}`) };
  }
}

/** @param {Calculator} calculator @param {Given} given @param {Prices} prices @param {Set<string>} asked @returns {Values} */
function valuesOf(calculator, given, prices, asked) {
  const values = readAll(calculator.fields, given, {}, prices, asked, "");
  for (const { id, formula } of calculator.variables ?? []) values[id] = value(formula, values, prices);
  return values;
}

// What its formulas see: `{values, prices}`, the subtotal being one of the values. Throws a EvaluationError.
/** @param {Calculator} calculator @param {Given} given @param {string} language @returns {{ values: Values, prices: Prices }} */
export function seen(calculator, given, language = mine) {
  const prices = pricesOf(calculator.fields);
  const values = valuesOf(calculator, given, prices, new Set());
  const amounts = [...itemsOf(calculator, values, prices, language)].map((item) => fraction(item.amount));
  return { values: { ...values, subtotal: amounts.reduce(plus, ZERO) }, prices };
}

/** @param {Set<string>} asked @returns {Result["asked"]} */
const isIn = (asked) => (id, row = null) => asked.has(row === null ? id : `${row}.${id}`);
/** @param {Set<string>} asked @returns {Omit<Result, "refused">} */
const nothing = (asked) => ({ items: [], discount: "0", delivery: "0", total: "0", parameters: [], asked: isIn(asked) });

/** @param {Calculator} calculator @param {Values} values @param {Prices} prices @param {string} language */
function whole(calculator, values, prices, language) {
  const items = [...itemsOf(calculator, values, prices, language)];
  if (items.length > MOST_ITEMS) throw new EvaluationError("too_many");
  const subtotal = items.map((item) => fraction(item.amount)).reduce(plus, ZERO);
  const money = (/** @type {Tree | undefined} */ formula) => (formula ? toStep("round", value(formula, { ...values, subtotal }, prices), CENT) : ZERO);
  const discount = money(calculator.discount), delivery = money(calculator.delivery);
  if (discount[0] < 0n || delivery[0] < 0n || compare(discount, subtotal) > 0) throw new EvaluationError("negative");
  const total = plus(minus(subtotal, discount), delivery);
  bounded(subtotal, delivery, total);
  return { items, discount: decimal(discount, 2), delivery: decimal(delivery, 2), total: decimal(total, 2) };
}

/** @param {Fraction[]} numbers */
function bounded(...numbers) {
  if (numbers.some((number) => compare(number, LARGEST) > 0)) throw new EvaluationError("too_large");
}

// Rounded to what is written. Nothing that costs something becomes nothing.
/** @param {Fraction} number @param {Fraction} step */
function written(number, step) {
  const found = toStep("round", number, step);
  if (found[0] === 0n && number[0] > 0n) throw new EvaluationError("too_small");
  bounded(found);
  return found;
}

/** @param {Calculator} calculator @param {Values} values @param {Prices} prices @param {string} language */
function* itemsOf(calculator, values, prices, language) {
  const fields = fieldsById(calculator.fields);
  for (const item of calculator.items) {
    for (const row of item.each ? values[item.each] : [{}]) {
      const here = { ...values, ...row };
      if (item.when && !holds(item.when, here, prices)) continue;
      const found = itemOf(item, fields, here, prices, language);
      if (found) yield found;
    }
  }
}

/** @param {Item} item @param {Record<string, Field>} fields @param {Values} values @param {Prices} prices @param {string} language @returns {Line | null} */
function itemOf(item, fields, values, prices, language) {
  const chosen = item.option ? values[item.option] : null;
  if (chosen === "") return null; // the choice is not asked
  /** @type {Partial<import("../../types/calculator.js").Option>} */
  const option = (item.option && fields[item.option]?.options.find((one) => one.id === chosen)) || {};
  let quantity = item.quantity ? value(item.quantity, values, prices) : ONE;
  const least = item.least === undefined ? null : fraction(item.least);
  if (least && quantity[0] > 0n && compare(quantity, least) < 0) quantity = least;
  quantity = written(quantity, THOUSANDTH);
  if (quantity[0] <= 0n) return null;
  const price = written(item.price ? value(item.price, values, prices) : fraction(option.price ?? 0), CENT);
  const discount = item.discount ? toStep("round", value(item.discount, values, prices), CENT) : ZERO;
  const before = toStep("round", times(quantity, price), CENT);
  if (price[0] < 0n || discount[0] < 0n || compare(discount, before) > 0) throw new EvaluationError("negative");
  bounded(times(quantity, price));
  const sku = item.sku ?? option.sku;
  const name = filled(inLanguage(item.name ?? option.label ?? {}, language), fields, values, language);
  return {
    name: short(name),
    quantity: decimal(quantity, 3),
    unit: worded([item.unit, option.unit].find(isSaid) ?? t("unit.piece"), language),
    unit_price: decimal(price, 2),
    ...(sku ? { sku } : {}),
    ...(discount[0] ? { discount: decimal(discount, 2) } : {}),
    ...(option.category ? { category: option.category } : {}),
    amount: decimal(toStep("round", minus(times(quantity, price), discount), CENT), 2),
  };
}

/** @param {Calculator} calculator @param {Values} values @param {string} language */
function parameters(calculator, values, language) {
  const fields = fieldsById(calculator.fields);
  return (calculator.parameters ?? []).map(({ name, text, each }) => ({
    name: inLanguage(name, language),
    value: (each ? values[each] : [{}]).map((/** @type {Values} */ row) => filled(inLanguage(text, language), fields, { ...values, ...row }, language, dayOf(language))).filter((/** @type {string} */ one) => one.replace(GAPS, "")).join("; "),
  })).filter((one) => one.value);
}

// --- values ------------------------------------------------------------------------------------------------------

/** @param {Field[]} fields @param {Given} given @param {Values} outer @param {Prices} prices @param {Set<string>} asked @param {string} row @returns {Values} */
function readAll(fields, given, outer, prices, asked, row) {
  /** @type {Values} */
  const found = {};
  for (const field of fields) {
    const here = { ...outer, ...found };
    found[field.id] = NOTHING[field.kind] ?? "";
    if (field.when && !holds(field.when, here, prices)) continue;
    asked.add(`${row}${field.id}`);
    const typed = given[field.id];
    if (field.kind === "rows") found[field.id] = (typed ?? []).map((/** @type {Given} */ one, /** @type {number} */ index) => readAll(field.fields, one, here, prices, asked, `${index}.`));
    else if (field.kind === "number") found[field.id] = NUMBER.test(typed ?? "") ? fraction(typed) : ZERO;
    else if (field.kind === "switch") found[field.id] = typed === true;
    else if (field.kind === "choice") found[field.id] = (field.options.find((one) => one.id === typed) ?? field.options[0])?.id;
    else found[field.id] = typed ?? "";
  }
  return found;
}

/** @param {Field[]} fields @returns {Record<string, Field>} */
const fieldsById = (fields) => Object.fromEntries(fields.flatMap((field) => [field, ...(field.fields ?? [])]).map((field) => [field.id, field]));

/** @param {Field[]} fields @returns {Prices} */
function pricesOf(fields) {
  const byId = fieldsById(fields);
  /** @param {"price" | "value"} which @returns {Prices["price"]} */
  const of = (which) => (id, chosen) => fraction(byId[id]?.options.find((one) => one.id === chosen)?.[which] ?? 0);
  return { price: of("price"), value: of("value") };
}

// --- texts and digits ---------------------------------------------------------------------------------------------

// Of words in languages, or of a text for all: whether there are any.
/** @param {string | object | undefined} words */
const isSaid = (words) => Object.keys(words ?? {}).length > 0;

/** @param {string} text @param {Record<string, Field>} fields @param {Values} values @param {string} language @param {(text: string) => string} dated */
function filled(text, fields, values, language, dated = String) {
  return text.replace(/\{(\w+)\}/g, (_, id) => {
    const typed = values[id], field = fields[id];
    if (field?.kind === "choice") return typed ? inLanguage(field.options.find((one) => one.id === typed)?.label ?? {}, language) : "";
    if (field?.kind === "number") return decimal(typed, 6);
    if (field?.kind === "date") return typed && dated(typed);
    return typed === true || typed === false ? "" : String(typed);
  });
}

// As a line may be called: not longer, and not nothing, where the text that it is called by was left empty.
/** @param {string} name */
function short(name) {
  if (!name.replace(GAPS, "")) return "—";
  const letters = [...name];
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join("")}…` : name;
}

// As shared/platform/money.py writes a day (YYYY-MM-DD): the server compares what the deal is told, letter by letter.
/** @param {string} language @returns {(text: string) => string} */
const dayOf = (language) => (text) => {
  const [year, month, date] = text.split("-");
  if (language === "en") return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
  return [date, month, year].join(language === "es" || language === "pt" ? "/" : ".");
};

// As decimal text; the fraction has at most so many digits.
/** @param {Fraction} number @param {number} digits */
export function decimal(number, digits) {
  const [over, under] = times(number, [10n ** BigInt(digits), 1n]);
  const whole = over / under;
  const text = String(whole < 0n ? -whole : whole).padStart(digits + 1, "0");
  return `${whole < 0n ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, "");
}
