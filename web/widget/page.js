// The calculator in the deal card, and appointments where the company takes them.

import { API, inWords, newKey, open as openApi } from "../ui/api.js";
import { inCard } from "../ui/card.js";
import { $, element } from "../ui/dom.js";
import { inLanguage, language, money, t, translate } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";
import { form as formOf } from "./form.js";

/** @typedef {import("../../types/calculator.js").Calculator} Calculator */
/** @typedef {import("../../types/calculator.js").Result} Result */
/** @typedef {import("../client/index.js").ApiError} ApiError */
/** @typedef {Record<string, boolean>} Ticks */
/** @typedef {{ calculator: Calculator, values: Record<string, any>, comment: string, ticks: Ticks } | null} Kept What stood in the form before. */
/** @typedef {{ client?: { name: string, phones: { value: string }[], emails: { value: string }[] } | null, error?: Error }} Read */
/** @typedef {Record<string, any>} Results */

const main = $("calculator");
const { lead: leadId, pages, access } = inCard();
const hasBookings = pages.includes("bookings");
const root = hasBookings ? element("div", {}) : main;
const crm = openApi({ lead: leadId, ...access });

// Where the account is overrun (429), the person sees how long it takes, and does nothing.
/** @template Result @param {() => Promise<Result>} asking @param {(text: string) => void} told */
async function patiently(asking, told) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let ticking;
  const count = (/** @type {number} */ left) => {
    told(t("calculator.busy", { seconds: left }));
    ticking = left > 1 ? setTimeout(() => count(left - 1), 1000) : undefined;
  };
  const stop = crm.on("retry", ({ error, wait }) => {
    clearTimeout(ticking);
    if (error.status === 429) count(Math.ceil(wait / 1000));
  });
  try {
    return await asking();
  } catch (error) {
    throw inWords(error);
  } finally {
    stop();
    clearTimeout(ticking);
  }
}

/** @param {Kept} kept @returns {Promise<void>} */
async function open(kept = null) {
  translate();
  const status = element("p", { className: "client soft", text: t("calculator.loading") });
  status.setAttribute("role", "status");
  root.replaceChildren(status);
  try {
    const wait = (/** @type {string} */ text) => { status.textContent = text; };
    /** @type {[any, Read]} */
    const [{ calculator, revision, account_currency: own, lead_id }, read] = await Promise.all([
      patiently(() => crm.getCalculator(), wait),
      patiently(() => crm.getLead(), wait).catch((error) => ({ error })),
    ]);
    show(calculator, { revision, own: own ?? calculator.currency }, read, lead_id, kept);
  } catch (error) {
    status.className = "client error";
    status.textContent = /** @type {Error} */ (error).message;
    root.append(element("button", { text: t("again"), className: "quiet", onclick: () => open(kept) }));
  }
  root.removeAttribute("aria-busy");
}

/** @param {Read} read */
function client({ client: person, error }) {
  const line = element("p", { className: "client soft" });
  line.setAttribute("role", "status");
  if (error) line.append(element("span", { className: "error", text: error.message }));
  else if (!person) line.textContent = t("calculator.no_client");
  else {
    const reach = [...person.phones, ...person.emails].map(({ value }) => value).join(", ");
    line.append(element("b", { text: person.name }), reach || t("calculator.no_reach"));
  }
  return line;
}

/**
 * @param {Calculator} calculator @param {{ revision: string | null, own: string }} known `own`: the currency of the account.
 * @param {Read} lead @param {number | null} boundLead @param {Kept} kept
 */
function show(calculator, { revision, own }, lead, boundLead, kept) {
  const title = inLanguage(calculator.title);
  document.title = title;
  // By themselves, and not by their names in the form: a field of the calculator may be called as they are.
  const comment = element("textarea", { name: "own_comment", rows: 2, maxLength: 1000, placeholder: " ", value: kept?.comment ?? "" });
  const ticks = Object.fromEntries(["price", "products", "pdf"].map((name) => [name, element("input", { type: "checkbox", name, checked: kept?.ticks[name] ?? true })]));
  const ticked = () => Object.fromEntries(Object.entries(ticks).map(([name, box]) => [name, box.checked]));
  const result = element("div", { className: "result", hidden: true });
  result.setAttribute("role", "alert");
  const button = element("button", { text: t("calculator.save") });
  let key = newKey();
  const fields = formOf(calculator);
  // Another calculation from now on.
  const changed = () => {
    key = newKey();
    button.disabled = !fields.result().items.length && !fields.result().refused; // pressing says why it is refused
  };
  const lost = kept ? fields.restore(kept.values, kept.calculator) : [];
  if (lost.length) tell(result, "bad", t("calculator.not_kept"), lost);
  const otherCurrency = own === calculator.currency ? [] : [element("p", { className: "warning", text: t("calculator.other_currency", { currency: calculator.currency, own }) })];
  const fieldset = element("fieldset", {}, fields.view,
    element("label", {}, t("calculator.comment"), comment),
    fields.lines, ...otherCurrency, ...Object.entries(ticks).map(([name, box]) => element("label", { className: "check" }, box, t(`calculator.${name}`))));
  const form = element("form", {}, fieldset, button, result);
  form.addEventListener("input", changed);
  // Pressing "save" once more is the same calculation; whoever wants another one says so.
  const asNew = element("button", { text: t("calculator.save_as_new"), className: "quiet small", type: "button", onclick: () => {
    key = newKey();
    form.requestSubmit();
  } });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (fields.result().refused) {
      tell(result, "bad", fields.result().refused ?? "");
      return;
    }
    const by = { revision, values: fields.values(), language };
    fieldset.disabled = true;
    button.disabled = true;
    try {
      await save(calculator, fields.result(), by, comment.value, ticked(), key, result, boundLead ?? leadId, own);
      if (result.classList.contains("good")) result.append(asNew);
    } catch (thrown) {
      const error = /** @type {ApiError} */ (thrown);
      // The same key again is the same calculation: pressing once more cannot double it.
      tell(result, "bad", error.message);
      if (error.code === "calculator_changed") result.append(element("button", { text: t("calculator.renew"), className: "quiet small", type: "button", onclick: () => open({ calculator, values: by.values, comment: comment.value, ticks: ticked() }) }));
    }
    fieldset.disabled = false;
    button.disabled = false;
  });
  root.replaceChildren(element("h1", { text: title }), client(lead), form);
  changed();
}

/**
 * @param {Calculator} calculator @param {Result} made @param {object} by @param {string} comment @param {Ticks} ticks @param {string} key
 * @param {HTMLElement} result @param {number | string} lead @param {string} own
 */
async function save(calculator, made, by, comment, ticks, key, result, lead, own) {
  /** @type {any} */
  const body = {
    calculation: {
      title: inLanguage(calculator.title),
      currency: calculator.currency,
      items: made.items.map(({ amount, ...item }) => item),
      total: made.total,
      ...(made.discount === "0" ? {} : { discount: made.discount }),
      ...(made.delivery === "0" ? {} : { delivery: made.delivery }),
      comment: comment.trim() || null,
      parameters: made.parameters,
    },
    calculator: by,
    options: { update_price: ticks.price, products: ticks.products, pdf: ticks.pdf ? "render" : "none" },
  };
  tell(result, "", t("calculator.saving"));
  // The person sees that the calculation is accepted, and how far it is, to its end.
  const onProgress = (/** @type {import("../client/index.js").Delivery} */ { steps = {} }, /** @type {string} */ phase) => tell(result, "", t(phase === "sending" ? "calculator.under_way" : "calculator.accepted"), progress(steps));
  const saved = await patiently(() => crm.saveCalculation(body, { lead, key, onProgress }), (text) => tell(result, "", text));
  tell(result, "good", t("calculator.saved"), done(saved.results ?? {}, own));
}

const progress = (/** @type {Record<string, string>} */ steps) => Object.entries(steps).map(([name, state]) => `${state === "done" ? "✓" : "…"} ${t(`step.${name}`)}`);

// What is in the deal now, in plain words.
/** @param {Results} results @param {string} currency */
function done(results, currency) {
  /** @type {string[]} */
  const told = [];
  if (results.note) told.push(t("calculator.done_note"));
  if (results.goods?.skipped) told.push(results.goods.skipped);
  else if (results.goods_link) told.push(t("calculator.done_goods", { count: results.goods_link.linked }));
  if (results.pdf?.skipped) told.push(results.pdf.skipped);
  else if (results.pdf) told.push(t("calculator.done_pdf", { name: results.pdf.name }));
  if (results.deal?.price !== undefined) told.push(t("calculator.done_price", { price: money(results.deal.price, currency) }));
  return [...told, ...[results.deal?.skipped, results.deal?.told, results.goods?.told].filter(Boolean)];
}

/** @param {HTMLElement} place @param {string} kind @param {string} text @param {string[]} details */
function tell(place, kind, text, details = []) {
  place.className = `result ${kind}`;
  place.replaceChildren(text, ...(details.length ? [element("ul", {}, ...details.map((one) => element("li", { text: one })))] : []));
  place.hidden = false;
}

// Two parts: the one that was shown last in this tab of the browser, else appointments.
async function openParts() {
  translate();
  document.head.append(element("link", { rel: "stylesheet", href: new URL("../booking/booking.css", import.meta.url).href }));
  const appointments = element("div", {});
  /** @type {Record<string, HTMLElement>} */
  const views = { bookings: appointments, calculator: root };
  const client = () => crm.getLead().then(({ client: person }) => person, () => null);
  // Browsers keep a module's failure at its address while the page is open; the server gives the same at others (pages.py).
  /** @returns {Promise<void>} */
  const openAppointments = async (failures = 0) => {
    /** @type {typeof import("../booking/card.js")} */
    let part;
    try {
      part = await import(failures ? `${API}/_/again${failures}/booking/card.js` : "../booking/card.js");
    } catch {
      const error = element("p", { className: "error", text: t("server.silent") });
      error.setAttribute("role", "alert");
      appointments.replaceChildren(error, element("button", { className: "quiet", type: "button", text: t("again"), onclick: () => openAppointments(failures + 1) }));
      return;
    }
    await part.show(appointments, crm, client());
  };
  /** @type {Record<string, () => Promise<unknown>>} */
  const begin = {
    bookings: () => openAppointments(),
    calculator: () => open(),
  };
  const tabs = Object.entries(views).map(([name, view]) => {
    const tab = element("button", { id: `part-${name}`, type: "button", text: t(`card.${name}`), onclick: () => choose(name), onkeydown: (/** @type {KeyboardEvent} */ { key }) => {
      if (key !== "ArrowRight" && key !== "ArrowLeft") return;
      choose(name === "bookings" ? "calculator" : "bookings");
      /** @type {HTMLElement | null} */ (document.querySelector(".parts [aria-selected=true]"))?.focus();
    } });
    tab.setAttribute("role", "tab");
    view.setAttribute("role", "tabpanel");
    view.setAttribute("aria-labelledby", tab.id);
    return tab;
  });
  const list = element("div", { className: "parts" }, ...tabs);
  list.setAttribute("role", "tablist");
  main.replaceChildren(list, ...Object.values(views));
  main.removeAttribute("aria-busy");
  const begun = new Set();
  const choose = (/** @type {string} */ name) => {
    for (const [index, [one, view]] of Object.entries(views).entries()) {
      view.hidden = one !== name;
      tabs[index]?.setAttribute("aria-selected", String(one === name));
      if (tabs[index]) tabs[index].tabIndex = one === name ? 0 : -1;
    }
    ofTab.set("part", name);
    if (begun.has(name)) return undefined;
    begun.add(name);
    return begin[name]?.();
  };
  const before = ofTab.get("part") ?? "";
  await choose(before in views ? before : "bookings");
}

// Its address stands in the panel, for amoCRM's form: whoever looks at it there has no deal.
const isAlone = !access.token() && window.parent === window;
if (isAlone) {
  translate();
  main.replaceChildren(element("p", { text: t("calculator.alone") }));
  main.removeAttribute("aria-busy");
} else await (hasBookings ? openParts() : open());
