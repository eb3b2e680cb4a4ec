// Where a formula names fields, and where it compares a choice with ids of its options. What a formula is and means says
// features/calculations/formulas/parser.py, by whose grammar this walks; a draft's formula may be unfinished or wrong, and
// is walked as far as it can be understood.

/** @typedef {{ start: number, end: number, sign?: string, number?: string, name?: string, text?: string }} Token */
/** @typedef {{ name?: string, field?: string, option?: string }} Named */

const TOKEN = /\s*(?:(?<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<text>"[^"\n]*"|'[^'\n]*')|(?<sign><=|>=|!=|<>|[^\s]))/y;
const WORDS = ["and", "or", "not", "in"];
/** @type {Record<string, string>} */
const SAME = { "≠": "!=", "<>": "!=", "≤": "<=", "≥": ">=", "×": "*", "·": "*", "÷": "/", "−": "-" };
const LENGTHS = ["mm", "cm", "m", "km"];
const UNITS = [...LENGTHS.flatMap((one) => [one, `${one}2`, `${one}3`]), "ha", "l", "g", "kg", "t", "min", "h", "day"];

// The text with other names in it: `change({name})` of a field, `change({field, option})` of an option that `field` is
// compared with, gives what is to stand there, or undefined.
/** @param {string} text @param {(named: Named) => string | undefined} change */
export function renamed(text, change) {
  let made = "", at = 0;
  for (const { start, end, ...named } of references(text).sort((one, other) => one.start - other.start)) {
    made += text.slice(at, start) + (change(named) ?? text.slice(start, end));
    at = end;
  }
  return made + text.slice(at);
}

/** @param {string} text @returns {(Named & { start: number, end: number })[]} */
function references(text) {
  const tokens = tokensOf(text);
  /** @type {(Named & { start: number, end: number })[]} */
  const found = [];
  let at = 0;
  const take = (/** @type {string[]} */ ...signs) => (signs.includes(tokens[at]?.sign ?? "") ? tokens[at++].sign : null);
  // Each part gives the token that it is, where it is a single one: a name, or a text.
  const chain = (/** @type {() => Token | null} */ part, /** @type {string[]} */ ...signs) => {
    let single = part();
    while (take(...signs)) {
      part();
      single = null;
    }
    return single;
  };
  const compared = (/** @type {Token | null} */ field, /** @type {Token | null} */ text) => {
    if (field?.name && text?.text) found.push({ start: text.start + 1, end: text.end - 1, field: field.name, option: text.text.slice(1, -1) });
  };
  /** @returns {Token | null} */
  const formula = () => chain(() => chain(negation, "and"), "or");
  /** @returns {Token | null} */
  const negation = () => {
    if (!take("not")) return comparison();
    negation();
    return null;
  };
  /** @returns {Token | null} */
  const comparison = () => {
    const left = sum();
    const sign = take("=", "!=", "<", "<=", ">", ">=", "in");
    if (sign === "in" && take("(")) {
      do compared(left, tokens[at]?.text ? tokens[at++] : null); while (take(","));
      take(")");
    } else if (sign) {
      const right = sum();
      if (sign === "=" || sign === "!=") compared(left, right);
    }
    return sign ? null : left;
  };
  /** @returns {Token | null} */
  const sum = () => chain(() => chain(signed, "*", "/"), "+", "-");
  /** @returns {Token | null} */
  const signed = () => {
    if (!take("-")) return atom();
    signed();
    return null;
  };
  /** @returns {Token | null} */
  const atom = () => {
    if (take("(")) {
      const inner = formula();
      take(")");
      return inner;
    }
    const token = tokens[at];
    if (!token || token.sign) return null;
    at += 1;
    if (token.number && !take("%") && UNITS.includes(tokens[at]?.name ?? "")) at += 1;
    if (token.name && take("(")) {
      if (!take(")")) {
        do formula(); while (take(","));
        take(")");
      }
      return null;
    }
    if (token.name) found.push({ start: token.start, end: token.end, name: token.name });
    return token.number ? null : token;
  };
  while (at < tokens.length) {
    formula();
    at += 1; // over what nobody understands here
  }
  return found;
}

/** @param {string} text @returns {Token[]} */
function tokensOf(text) {
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const { number, name, text: quoted, sign } = match.groups ?? {};
    const end = TOKEN.lastIndex, start = end - (number ?? name ?? quoted ?? sign).length;
    const word = name && WORDS.includes(name.toLowerCase()) ? name.toLowerCase() : undefined;
    if (word) found.push({ start, end, sign: word });
    else found.push({ start, end, number, name, text: quoted, sign: SAME[sign] ?? sign });
  }
  return found;
}
