// One engine for every calculator; what it asks and how it reckons is data (shared/calculations/calculator.py).
// Quantities are whole thousandths and money whole kopecks, so that no total is off by a rounding of the machine's.

import { day, inLanguage } from "../ui/i18n.js";

const THOUSAND = 1000n;

// The nearest whole number of thousandths; exact for what people type.
const thousandths = (value) => BigInt(Math.round(Number(value) * 1000));

const kopecks = (price) => BigInt(Math.round(Number(price) * 100));

const field = (calculator, id) => calculator.fields.find((one) => one.id === id);

export function chosenOption(calculator, values, id) {
  const asked = field(calculator, id);
  return asked.options.find((one) => one.id === values[id]) ?? asked.options[0];
}

function isOn(values, when) {
  if (!when) return true;
  const value = values[when.field];
  if (when.among) return when.among.includes(value);
  if (when.unless) return !when.unless.includes(value);
  return value === true;
}

// The product of the factors, in thousandths, rounded half up.
function product(values, factors = []) {
  const exact = factors.reduce((result, { field: id, scale = 1 }) => result * Number(values[id] || 0) * Number(scale), 1);
  return BigInt(Math.round(exact * 1000 + 1e-7));
}

// The items of a calculation, ready to be sent; `amount` in kopecks.
export function items(calculator, values, language) {
  const found = [];
  for (const rule of calculator.items) {
    if (!isOn(values, rule.when)) continue;
    const option = rule.option ? chosenOption(calculator, values, rule.option) : {};
    let quantity = product(values, rule.quantity);
    if (rule.least && quantity > 0n && quantity < thousandths(rule.least)) quantity = thousandths(rule.least);
    const price = kopecks(rule.price ?? option.price ?? 0);
    if (quantity <= 0n) continue;
    const amount = (quantity * price * 2n + THOUSAND) / (THOUSAND * 2n);
    const sku = rule.sku ?? option.sku;
    found.push({
      name: inLanguage(rule.name ?? option.label, language),
      quantity: plain(quantity, 3),
      unit: rule.unit ?? option.unit ?? "шт",
      unit_price: plain(price, 2),
      ...(sku ? { sku } : {}),
      ...(option.category ? { category: option.category } : {}),
      amount,
    });
  }
  return found;
}

export const total = (list) => list.reduce((sum, item) => sum + item.amount, 0n);

// Whole units of 10^-digits as decimal text.
export function plain(whole, digits) {
  const text = String(whole).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, "");
}

// Why this cannot be made, or null.
export function refusal(calculator, values) {
  const broken = (calculator.rules ?? []).find(({ quantity, most, least }) => {
    const value = product(values, quantity);
    return (most !== undefined && value > thousandths(most)) || (least !== undefined && value < thousandths(least));
  });
  return broken ? inLanguage(broken.message) : null;
}

export function parameters(calculator, values, language) {
  const shown = (id) => {
    const asked = field(calculator, id);
    if (!asked) return `{${id}}`;
    if (asked.kind === "choice") return inLanguage(chosenOption(calculator, values, id).label, language);
    if (asked.kind === "date" && values[id]) return day(values[id]);
    return String(values[id] ?? "");
  };
  return (calculator.parameters ?? [])
    .map(({ name, text }) => ({
      name: inLanguage(name, language),
      value: inLanguage(text, language).replace(/\{(\w+)\}/g, (_, id) => shown(id)),
    }))
    .filter(({ value }) => value.replace(/[\s,]/g, ""));
}
