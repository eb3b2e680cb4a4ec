// The value of a checked formula, in exact fractions: features/calculations/formulas/evaluator.py, word for word.
// A fraction is [over, under], two BigInts without a common divisor; what is under is more than 0.

/** @typedef {import("../../types/calculator.js").Fraction} Fraction */
/** @typedef {import("../../types/calculator.js").Tree} Tree */
/** @typedef {import("../../types/calculator.js").Values} Values */
/** @typedef {import("../../types/calculator.js").Prices} Prices */

const LARGEST = 2n ** 512n;
/** @type {Fraction} */
export const ZERO = [0n, 1n];

export class EvaluationError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const abs = (/** @type {bigint} */ whole) => (whole < 0n ? -whole : whole);

/** @param {bigint} one @param {bigint} other */
function gcd(one, other) {
  while (other) [one, other] = [other, one % other];
  return one;
}

/** @param {bigint} over @param {bigint} under @returns {Fraction} */
function made(over, under) {
  if (under < 0n) [over, under] = [-over, -under];
  const divisor = gcd(abs(over), under) || 1n;
  return [over / divisor, under / divisor];
}

// Of "12.5", "-3" or "1/20". Throws for what is no number: it is checked before.
/** @param {unknown} text */
export function fraction(text) {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:\/(\d+))?$/.exec(String(text));
  if (!match) throw new TypeError(`${text} is no number.`);
  const [, sign, whole, digits = "", under = "1"] = match;
  const over = BigInt(`${whole}${digits}`);
  return made(sign ? -over : over, 10n ** BigInt(digits.length) * BigInt(under));
}

/** @param {Fraction} one @param {Fraction} other */
export const plus = ([a, b], [c, d]) => made(a * d + c * b, b * d);
/** @param {Fraction} one @param {Fraction} other */
export const minus = ([a, b], [c, d]) => made(a * d - c * b, b * d);
/** @param {Fraction} one @param {Fraction} other */
export const times = ([a, b], [c, d]) => made(a * c, b * d);
/** @param {Fraction} one @param {Fraction} other */
export const compare = ([a, b], [c, d]) => { const left = a * d; const right = c * b; return left < right ? -1 : left > right ? 1 : 0; };

/** @param {Fraction} one @param {Fraction} other */
export function divided([a, b], [c, d]) {
  if (c === 0n) throw new EvaluationError("division_by_zero");
  return made(a * d, b * c);
}

// The next whole number below.
/** @param {Fraction} number */
const floor = ([over, under]) => (over >= 0n ? over / under : -((-over + under - 1n) / under));

/** @param {string} way @param {Fraction} number @param {Fraction} step @returns {Fraction} */
export function toStep(way, number, step) {
  const steps = divided(number, step);
  if (way === "up") return times([-floor([-steps[0], steps[1]]), 1n], step);
  return times([floor(way === "round" ? plus(steps, [1n, 2n]) : steps), 1n], step);
}

/** @param {Tree} tree @param {Values} values @param {Prices} prices @returns {Fraction} */
export function value(tree, values, prices) {
  const found = number(tree, values, prices);
  if (abs(found[0]) >= LARGEST || found[1] >= LARGEST) throw new EvaluationError("too_large");
  return found;
}

/** @param {Tree} tree @param {Values} values @param {Prices} prices @returns {Fraction} */
function number([what, ...parts], values, prices) {
  const of = (/** @type {Tree} */ tree) => value(tree, values, prices);
  switch (what) {
    case "number": return fraction(parts[0]);
    case "field": return times(values[parts[0]], fraction(parts[1]));
    case "variable": return values[parts[0]];
    case "price": case "value": return prices[what](parts[0], values[parts[0]]);
    case "+": return plus(of(parts[0]), of(parts[1]));
    case "-": return minus(of(parts[0]), of(parts[1]));
    case "*": return times(of(parts[0]), of(parts[1]));
    case "/": return divided(of(parts[0]), of(parts[1]));
    case "negative": return minus(ZERO, of(parts[0]));
    case "abs": { const [over, under] = of(parts[0]); return [abs(over), under]; }
    case "min": return parts.map(of).reduce((one, other) => (compare(other, one) < 0 ? other : one));
    case "max": return parts.map(of).reduce((one, other) => (compare(other, one) > 0 ? other : one));
    case "round": case "up": case "down": return toStep(what, of(parts[0]), of(parts[1]));
    case "if": return of(parts[holds(parts[0], values, prices) ? 1 : 2]);
    case "count": return [BigInt(values[parts[0]].length), 1n];
    case "sum": return values[parts[0]].map((/** @type {Values} */ row) => value(parts[1], { ...values, ...row }, prices)).reduce(plus, ZERO);
    case "largest": return values[parts[0]].map((/** @type {Values} */ row) => value(parts[1], { ...values, ...row }, prices)).reduce((/** @type {Fraction | null} */ one, /** @type {Fraction} */ other) => (one && compare(other, one) <= 0 ? one : other), null) ?? ZERO;
  }
  throw new Error(what);
}

/** @param {Tree} tree @param {Values} values @param {Prices} prices @returns {boolean} */
export function holds([what, ...parts], values, prices) {
  const does = (/** @type {Tree} */ tree) => holds(tree, values, prices);
  const compared = () => compare(value(parts[0], values, prices), value(parts[1], values, prices));
  switch (what) {
    case "switch": return values[parts[0]] === true;
    case "is": return parts[1].includes(values[parts[0]]);
    case "given": { const typed = values[parts[0]]; return Array.isArray(typed) ? typed[0] !== 0n : typed !== "" && typed !== false; }
    case "not": return !does(parts[0]);
    case "and": return does(parts[0]) && does(parts[1]);
    case "or": return does(parts[0]) || does(parts[1]);
    case "any": return values[parts[0]].some((/** @type {Values} */ row) => holds(parts[1], { ...values, ...row }, prices));
    case "=": return compared() === 0;
    case "!=": return compared() !== 0;
    case "<": return compared() < 0;
    case "<=": return compared() <= 0;
    case ">": return compared() > 0;
    case ">=": return compared() >= 0;
  }
  throw new Error(what);
}
