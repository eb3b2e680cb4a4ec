// Appointments: the visits of a week, what needs a person, and (for whoever may manage) what is offered, when, by whom.

import { element } from "../ui/dom.js";
import { API } from "../ui/api.js";
import { momentThere, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { dayThere, plus } from "../ui/slots.js";
import { moduleOf } from "./modules.js";
import { form } from "./offer.js";
import { busy, button, copyButton, failure, ofAccount, told } from "./pieces.js";
import { call, may } from "./session.js";

/** @typedef {import("../../types/bookings.js").Bookings} Settings */
/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {import("./panel.js").Visit} Visit */
/** `ready`: until then it is empty, and would push away what is below it. @typedef {{ view: HTMLElement, refresh: () => unknown, close?: () => void, ready?: Promise<unknown> }} Board */
/** @typedef {"day" | "week" | "list"} Mode */

/** @type {Mode[]} */
const MODES = ["day", "week", "list"];

/** @param {HTMLElement} place @param {Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  const body = element("div", {});
  const begin = latest();
  const mode = MODES.find((one) => one === visit.query.show) ?? (visit.query.attention === "1" ? "list" : "day");
  /** @type {Board | null} */
  let board = null;
  let sought = visit.query; // `at`: a moment of the day that is wanted
  const refresh = async (saved = "") => {
    const isOld = begin();
    const [found, known] = await Promise.all([call("get_settings", { connection }), may("manage") ? directory(connection) : null]);
    const { bookings: settings } = found.settings;
    const make = settings.is_on ? await maker(mode) : null;
    if (isOld()) return;
    board?.close?.();
    const { at, ...filters } = sought;
    const query = at ? { ...filters, from: dayThere(at, settings.time_zone) } : filters;
    const ways = modes(visit, mode);
    ways.lead(query);
    /** @type {Visit["remember"]} */
    const remember = (change, isStep) => {
      visit.remember(change, isStep);
      sought = change.query ?? sought;
      ways.lead(sought);
    };
    board = make && make({ ...visit, query, remember }, settings);
    await board?.ready;
    if (isOld()) return;
    const parts = board ? [ways.view, board.view, site(visit)] : [element("p", { className: "soft", text: t("bookings.is_off") })];
    if (known) parts.push(form(connection, found, known, refresh, saved));
    body.replaceChildren(...parts);
  };
  place.append(element("h1", { text: t("tab.bookings") }), element("p", { className: "soft", text: t("bookings.hint") }), body);
  await refresh();
  const close = () => {
    begin(); // what is still asked for makes no other board
    board?.close?.();
  };
  return { close, refresh: () => board?.refresh() };
}

/** What makes the board of that mode. @param {Mode} mode @returns {Promise<(visit: Visit, settings: Settings) => Board>} */
async function maker(mode) {
  if (mode === "list") return visits;
  const { calendar } = await moduleOf("calendar");
  return (visit, settings) => calendar(visit, settings, mode);
}

// The same visits as a day, as a week and as a list, each with its address; they `lead` to the day that is looked at.
/** @param {Visit} visit @param {Mode} mode */
function modes({ to }, mode) {
  const links = MODES.map((one) => element("a", { text: t(`calendar.${one}`) }));
  links[MODES.indexOf(mode)].setAttribute("aria-current", "page");
  const view = element("nav", {}, element("ul", { className: "modes" }, ...links.map((link) => element("li", {}, link))));
  view.setAttribute("aria-label", t("bookings.visits"));
  const lead = (/** @type {Record<string, string>} */ query) => links.forEach((link, index) => { link.href = to({ query: { ...query, attention: "", show: index ? MODES[index] : "" } }); });
  return { view, lead };
}

/** @param {Connection} connection @returns {Promise<import("./offer.js").Known>} */
const directory = (connection) => ofAccount(connection, { pipelines: [], users: [], own: null }, async () => {
  const [{ pipelines }, { users }, { currency: own }] = await Promise.all(["get_pipelines", "get_users", "get_account"].map((one) => call(one, { connection })));
  return { pipelines, users, own };
});

// --- visits ------------------------------------------------------------------------------------------------------

/** @param {Visit} visit @param {Settings} settings @returns {Board} */
function visits(visit, settings) {
  const { query } = visit;
  const connection = /** @type {Connection} */ (visit.connection);
  const today = dayThere(Date.now(), settings.time_zone);
  const from = element("input", { type: "date", value: query.from || today, required: true });
  const whose = element("select", {}, new Option(t("bookings.everybody"), ""), ...settings.resources.map((one) => new Option(one.name, one.id)));
  const onlyTold = element("input", { type: "checkbox" });
  const list = element("ul", { className: "log", id: "visits" });
  const error = failure();
  const more = element("button", { type: "button", text: t("more"), className: "quiet", hidden: true });
  const begin = latest();
  /** @type {string | null} */
  let following = null; // where the next page begins
  const read = async (/** @type {string | null} */ after) => {
    const isOld = begin();
    if (!from.value) return;
    const range = onlyTold.checked ? { needs_a_person: "1" } : { from: from.value, to: plus(from.value, 6) };
    const { bookings, next } = await call("get_bookings", { connection, query: { ...range, resource: whose.value, ...(after ? { after } : {}) } });
    if (isOld()) return;
    const rows = bookings.map((/** @type {import("../../types/bookings.js").Visit} */ one) => row(connection, one, settings, refresh, error));
    if (after) list.append(...rows);
    else list.replaceChildren(...(rows.length ? rows : [element("li", { className: "soft", text: t("bookings.none") })]));
    following = next;
    more.hidden = !next;
  };
  const refresh = () => told(() => read(null), error);
  const filter = () => {
    visit.remember({ query: { show: "list", from: from.value === today ? "" : from.value, whose: whose.value, attention: onlyTold.checked ? "1" : "" } }, true);
    return refresh();
  };
  whose.value = settings.resources.some((one) => one.id === query.whose) ? query.whose : "";
  onlyTold.checked = query.attention === "1";
  more.onclick = () => busy(more, () => read(following), error);
  for (const control of [from, whose, onlyTold]) control.onchange = filter;
  const ready = refresh();
  const view = element("section", { className: "card" }, element("h2", { text: t("bookings.visits") }), element("div", { className: "toolbar" }, element("label", {}, t("bookings.week_from"), from), element("label", {}, t("booking.with"), whose),
    element("label", { className: "check" }, onlyTold, t("bookings.needs_a_person"))), error, list, more);
  return { view, refresh, ready };
}

/**
 * @param {Connection} connection @param {import("../../types/bookings.js").Visit} one @param {Settings} settings
 * @param {() => Promise<unknown>} refresh @param {HTMLElement} error
 */
function row(connection, one, settings, refresh, error) {
  const doing = (/** @type {(visits: typeof import("./calendar_visit.js"), around: import("./calendar_visit.js").Around) => unknown} */ work) => (/** @type {HTMLButtonElement} */ pressed) =>
    busy(pressed, async () => work(await moduleOf("calendar_visit"), { connection, refresh }), error);
  const buttons = [];
  const isOver = Date.parse(one.starts_at) <= Date.now();
  if (may("manage") && one.state === "booked" && !isOver) {
    buttons.push(button("bookings.cancel", doing(({ cancelled }, around) => cancelled(one, around))));
  }
  if (may("manage") && one.state === "booked" && isOver) {
    for (const attendance of ["came", "missed"].filter((other) => other !== one.attendance)) buttons.push(button(`bookings.${attendance}`, doing(({ attended }, around) => attended(one, attendance, around))));
  }
  const person = one.visitor ? [one.visitor.name, one.visitor.phone].filter(Boolean).join(", ") : "";
  const state = one.state === "cancelled" ? t("bookings.is_cancelled") : one.attendance ? t(`bookings.has_${one.attendance}`) : one.is_in_amocrm ? "" : t("bookings.on_its_way");
  return element("li", {}, element("b", { text: momentThere(one.starts_at, settings.time_zone) }), ` · ${[one.service.name, one.resource.name, one.room, person].filter(Boolean).join(" · ")}`,
    one.attention ? element("small", { className: "warning", text: one.attention }) : null, state ? element("small", { text: state }) : null, element("div", { className: "actions" }, ...buttons));
}

// --- the company's site ------------------------------------------------------------------------------------------

/** @param {Visit} visit */
function site(visit) {
  const code = `<script src="${API}/booking/embed.js" data-key="site_…"></script>`;
  return element("section", { className: "card" }, element("h2", { text: t("bookings.on_site") }), element("p", { className: "soft", text: t("bookings.on_site_hint") }),
    element("p", { className: "key" }, element("code", { text: code }), copyButton(code)), element("p", {}, element("a", { href: visit.to({ view: "site" }), text: t("bookings.to_site_keys") })));
}
