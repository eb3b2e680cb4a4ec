// What was sent, as its reader knows it: a calculation as its note has it, an order as its cart, a form as somebody has
// filled it in. What no part of it knows stands below under its own name.

import { element } from "../ui/dom.js";
import { amount, day, duration, has, money, moment, momentThere, number, t } from "../ui/i18n.js";
import { fraction, minus, times } from "../widget/formulas.js";
import { asJson, facts, flat, isEmpty, nameOf, others, part } from "./values.js";

/** @typedef {import("./values.js").Document} Document */

const CENTS = 100n;
const MOST_DIGITS = 12; // of a quantity: all that was sent

/** @param {string | number} sum @param {string} currency */
const sumOf = (sum, currency) => (currency ? money(sum, currency) : amount(sum));

// As shared/platform/money.py rounds a line's amount: to cents, half up; null for what is no number.
/** @param {Document} item */
function lineAmount({ quantity, unit_price: price, discount }) {
  try {
    const [over, under] = minus(times(fraction(quantity), fraction(price)), fraction(discount ?? 0));
    const sign = over < 0n ? -1n : 1n;
    return Number(sign * ((sign * over * CENTS * 2n + under) / (under * 2n))) / Number(CENTS);
  } catch {
    return null;
  }
}

// The lines of a calculation or an order with what they make, and the sums below.
/** @param {Document[]} items @param {string} currency @param {[string, any][]} sums */
function goods(items, currency, sums) {
  const hasDiscount = items.some((one) => Number(one.discount));
  const names = ["item", "quantity", "price", ...(hasDiscount ? ["discount"] : []), "amount"];
  const cell = (/** @type {string} */ text) => element("td", { className: "sum", text });
  const lines = items.map((one) => {
    const { name, sku, category, quantity, unit, unit_price: price, discount, ...rest } = one;
    const made = lineAmount(one);
    const more = [sku, category && [category].flat().join(" › "), ...Object.entries(rest).filter(([, value]) => !isEmpty(value)).map(([key, value]) => `${nameOf(key)}: ${value}`)].filter(Boolean);
    return element("tr", {}, element("th", { scope: "row" }, element("bdi", { text: name }), more.length ? element("small", { dir: "auto", text: more.join(" · ") }) : null),
      cell(`${number(quantity, MOST_DIGITS)} ${unit ?? ""}`), cell(sumOf(price, currency)), hasDiscount ? cell(Number(discount) ? `−${sumOf(discount, currency)}` : "") : null, cell(made === null ? "" : sumOf(made, currency)));
  });
  const below = sums.filter(([, sum]) => !isEmpty(sum)).map(([text, sum]) =>
    element("tr", {}, element("th", { scope: "row", colSpan: names.length - 1, text }), cell(sum)));
  const box = element("div", { className: "scrolled values goods", tabIndex: 0 }, element("table", {},
    element("thead", {}, element("tr", {}, ...names.map((one) => element("th", { scope: "col", text: t(`document.quotation.${one}`) })))), element("tbody", {}, ...lines), element("tfoot", {}, ...below)));
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", t("content.goods"));
  return box;
}

/** @param {unknown} sum @param {string} currency */
const off = (sum, currency) => (Number(sum) ? `−${sumOf(/** @type {string} */ (sum), currency)}` : "");
/** @param {any} sum @param {string} currency */
const paid = (sum, currency) => (Number(sum) ? sumOf(sum, currency) : "");

// --- a calculation ---------------------------------------------------------------------------------------------------

/** @param {Document} content */
function calculation({ calculation: made, options, calculator, lead_id: lead, pdf, ...rest }) {
  const { title, number: numbered, currency, items, total, discount, delivery, comment, parameters, valid_until: until, ...more } = made;
  const heading = element("h4", {}, element("bdi", { text: title }), numbered ? ` ${t("document.quotation.number")} ${numbered}` : "");
  return [
    heading, facts((parameters ?? []).map((/** @type {Document} */ one) => [one.name, one.value])),
    goods(items, currency, [[t("document.note.discount"), off(discount, currency)], [t("document.note.delivery"), paid(delivery, currency)], [t("document.note.total"), sumOf(total, currency)]]),
    facts([[t("document.note.valid"), until && day(until)], [t("content.comment"), comment]]),
    part("content.asked", facts([[t("content.into_deal"), wishes(options ?? {})], [nameOf("responsible_user_id"), options?.responsible_user_id && String(options.responsible_user_id)], [t("content.file"), pdf?.filename],
      [t("content.by_calculator"), calculator && t("content.yes")]])),
    others({ ...more, ...rest }),
  ];
}

// What is to become of a calculation in amoCRM; what is not said is as the server has it.
/** @param {Document} options */
const wishes = ({ note = true, products = false, pdf = "none", update_price: price = false }) =>
  [note && "note", products && "products", pdf !== "none" && `pdf_${pdf}`, price && "update_price"].filter(Boolean).map((one) => t(`content.wish_${one}`)).join(", ");

// --- what a site sends -----------------------------------------------------------------------------------------------

/** @param {Document | undefined} contact */
function person(contact) {
  const { name, first_name: first, last_name: last, phone, email, external_id: id, ...rest } = contact ?? {};
  return part("content.person", facts([[t("document.submission.name"), name], [nameOf("first_name"), first], [nameOf("last_name"), last], [t("document.submission.phone"), [phone ?? []].flat()], [t("document.submission.email"), [email ?? []].flat()],
    [nameOf("external_id"), id], ...Object.entries(rest)]));
}

// What every submission has. Names of a form's fields are the site's own.
/** @param {Document} body */
function common({ fields = {}, tags = [], tracking = {}, opened_at: opened, sent_at: sent, trap, action: _, ...rest }) {
  const took = opened && sent && sent >= opened ? duration((sent - opened) / 1000) : null;
  return [
    part("content.fields", facts(Object.entries(fields))),
    part("content.visit", facts([[nameOf("tags"), tags], ...Object.entries(tracking), [t("content.opened_at"), opened && moment(opened)], [t("content.took"), took], [t("content.trap"), trap]])),
    others(rest),
  ];
}

/** @param {Document} body */
function form({ contact, form: about, comment, price, currency = "", ...rest }) {
  const { name, id, page, referrer, ...more } = about ?? {};
  return [
    part("content.form", facts([[t("document.submission.form_name"), name], [nameOf("form_id"), id], [t("document.submission.page"), page], [t("document.submission.referrer"), referrer], ...Object.entries(more)])),
    person(contact), facts([[t("content.price"), isEmpty(price) ? "" : sumOf(price, currency)], [t("content.comment"), comment]]), ...common(rest),
  ];
}

/** @param {Document} body */
function order({ order: made, contact, ...rest }) {
  const { number: numbered, items, total, currency = "", discount, delivery, weight, payment, address, comment, ...more } = made;
  const { method, cost, ...shipping } = delivery ?? {};
  const place = isEmpty(address) || typeof address === "string" ? address : ["postcode", "country", "region", "city", "street", "building", "room"].map((one) => address[one]).filter(Boolean).join(", ");
  const paidFor = [[t("document.submission.discount"), off(discount, currency)], [t("document.submission.delivery"), paid(cost, currency)], [t("document.submission.total"), sumOf(total, currency)]];
  return [
    element("h4", { text: `${t("document.submission.order")} ${t("document.quotation.number")} ${numbered}` }), goods(items ?? [], currency, /** @type {[string, any][]} */ (paidFor)), person(contact),
    facts([[t("document.submission.delivery_method"), method], [t("document.submission.address"), place], [t("document.submission.payment"), payment], [t("document.submission.weight"), weight], [t("content.comment"), comment]]),
    ...common({ ...rest, ...more, ...shipping }),
  ];
}

/** @param {Document} body */
const profile = ({ contact, ...rest }) => [person(contact), ...common(rest)];

/** @param {Document} body */
const submission = (body) => (body.order ? order(body) : "form" in body || "comment" in body ? form(body) : profile(body));

// As it is stored: around the body stands how it was understood, and who has sent it.
/** @param {Document} content */
const submitted = ({ body, mode, address, decisions: _, of: __, kind, action, first, ...rest }) => [
  ...submission(body), part("content.way", facts([[nameOf("mode"), has(`content.mode_${mode}`) ? t(`content.mode_${mode}`) : mode], [t("content.news"), kind && t(`content.news_${kind}`)], [t("content.ip"), address],
    [nameOf("action"), action && t(`action.${action}`)], [nameOf("first"), first && t(`action.${first}`)]])), others(rest)];

// --- visits and automations ------------------------------------------------------------------------------------------

// A visit's times are shown by the clock on the company's wall, and stored by whichever.
/** @param {Document} content @param {string} timeZone */
function visit({ booking: id, version, change, starts_at: starts, facts: known, lead_id: lead, ...rest }, timeZone) {
  const there = (/** @type {string} */ at) => (timeZone ? `${momentThere(Date.parse(at), timeZone)} (${timeZone})` : moment(at));
  const { kind, from, reason, by: _, user_id: __, ...changed } = change;
  const { service, resource, room, place, price, currency, ...more } = known;
  return [
    element("h4", { text: t(`document.booking.${kind}`) }),
    facts([[t("document.booking.service"), service], [t("document.booking.time"), there(starts)], [t("document.booking.before"), from && there(from)], [t("document.booking.resource"), resource], [t("document.booking.room"), room],
      [t("document.booking.place"), place], [t("document.booking.price"), isEmpty(price) ? "" : sumOf(price, currency)], [t("content.reason"), reason]]),
    others({ ...changed, ...more, ...rest }),
  ];
}

/** @param {Document} content */
function automation({ id, name, work, event, ...rest }) {
  const { kind, text, ...more } = work;
  return [
    element("h4", {}, element("bdi", { text: name })),
    facts([[t("automations.kind"), t(`automations.kind_${kind}`)], [t("content.text"), text]]),
    part("content.stage", facts([[nameOf("pipeline_id"), event.pipeline_id && String(event.pipeline_id)], [nameOf("status_id"), event.status_id && String(event.status_id)], [nameOf("time"), event.time && moment(event.time * 1000)]])), others({ ...more, ...rest }),
  ];
}

/** @type {Record<string, (content: any, timeZone: string) => (Node | null)[]>} */
const READERS = { save_calculation: calculation, submit_form: submitted, submit_order: submitted, sync_contact: submitted, order_news: submitted, read_again: submitted, bring_booking: visit, run_automation: automation };

// --- what has happened in amoCRM -------------------------------------------------------------------------------------

/** What endpoints are told of it, for people; all of it as JSON behind a button. @param {Document} document */
export function eventOf({ account: _, ...document }) {
  const entity = Object.values(document).find((one) => Array.isArray(one?.fields));
  /** @type {Record<string, string>} */
  const fields = Object.fromEntries((entity?.fields ?? []).map((/** @type {Document} */ one) => [`field:${one.id}`, one.name ?? nameOf(one.code ?? String(one.id))]));
  const told = Object.entries(document).map(([name, one]) => {
    if (name === "changed") return part("content.changed", facts([["", (one ?? []).map((/** @type {string} */ each) => fields[each] ?? nameOf(each)).join(", ")]]));
    if (isEmpty(one) || typeof one !== "object") return facts([[nameOf(name), one]]);
    const { fields: own = [], price, ...plain } = one;
    const pairs = [...Object.entries(plain).flatMap(([key, value]) => flat({ [key]: value })), [nameOf("price"), isEmpty(price) ? "" : amount(price)], ...own.map((/** @type {Document} */ each) => [fields[`field:${each.id}`], each.values])];
    return part(name === "before" ? "content.before" : `events.of_${name}`, facts(/** @type {[string, any][]} */ (pairs)));
  });
  return [...told.filter((one) => one !== null), asJson({ ...document, account: _ })];
}

/**
 * What was sent, for people; all of it as JSON behind a button.
 * @param {string} action @param {Document} content @param {string} timeZone the company's, of what is by its clock
 */
export function contentOf(action, content, timeZone = "") {
  return [...parts(action, content, timeZone).filter((one) => one !== null), asJson(content)];
}

// What was stored by an older release, or is of a kind that is not known here, is told member by member.
/** @param {string} action @param {Document} content @param {string} timeZone */
function parts(action, content, timeZone) {
  try {
    return (READERS[action] ?? ((/** @type {Document} */ whole) => [others(whole)]))(content, timeZone);
  } catch {
    return [others(content)];
  }
}
