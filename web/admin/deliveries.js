// Deliveries: what was accepted, of which deal, how far it is, its story and content, another try, and a file of them.

import { element } from "../ui/dom.js";
import { amount, has, money, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { plus } from "../ui/slots.js";
import { written } from "./address.js";
import { moduleOf } from "./modules.js";
import { busy, nothing, pageLinks, told, when } from "./pieces.js";
import { viewsOf } from "./places.js";
import { call, connectionName, may } from "./session.js";

/** @typedef {import("./panel.js").Visit} Visit */
/** @typedef {import("./session.js").Account} Account */
/**
 * As get_deliveries lists it; whose it is stands in it.
 * @typedef {object} Delivery
 * @property {string} delivery_id
 * @property {string} account_domain
 * @property {string} widget_type
 * @property {string} action
 * @property {string} state
 * @property {number | null} lead_id as it was asked for; of a deal that was made by it, `links` tells
 * @property {number} attempts
 * @property {string} created_at
 * @property {{ detail: string } | null} problem
 * @property {{ by?: string, total?: string, currency?: string, incoming?: string, [member: string]: unknown }} summary
 * @property {Record<string, string>} links
 */
/** @typedef {{ at: string, kind: string, step?: string, outcome?: string, code?: string, detail?: string | null }} Entry of a delivery's story */

const STATES = ["accepted", "delivered", "dead"];
const WRITES = ["save_calculation", "submit_form", "submit_order", "bring_booking", "order_news", "sync_contact", "read_again", "run_automation", "answer_bot", "notify"];
const PAGE = 30;
const MOST = 200; // of one question
const COLUMNS = ["created_at", "account_domain", "widget_type", "action", "state", "lead_id", "total", "currency", "by", "attempts", "finished_at", "problem", "delivery_id"];

/** @param {HTMLElement} place @param {Visit} visit */
export async function show(place, visit) {
  const { connection, query: given } = visit;
  const list = element("ul", { className: "rows", id: "deliveries" });
  const body = element("div", {}, list);
  const links = element("div", { className: "pages" });
  place.append(element("h1", { text: t("tab.deliveries") }));
  if (visit.entry) {
    const one = await call("get_delivery", { connection, query: { id: visit.entry } });
    list.append(row(one, visit, visit.again, true));
    place.append(element("p", {}, element("a", { href: visit.to({ query: given }), text: t("deliveries.all") })), body);
    return { refresh: visit.again };
  }
  // Over all accounts only what is not finished is listed.
  const states = connection ? ["", ...STATES] : ["dead", "accepted"];
  const state = element("select", { id: "state" }, ...states.map((one) => new Option(t(`deliveries.state_${one || "all"}`), one, false, one === (given.state ?? states[0]))));
  const write = element("select", {}, new Option(t("deliveries.write_all"), ""), ...WRITES.map((one) => new Option(t(`action.${one}`), one, false, one === given.write)));
  const lead = element("input", { inputMode: "numeric", pattern: "[0-9]*", placeholder: " ", value: given.lead ?? "" });
  const since = element("input", { type: "date", value: given.since ?? "" });
  const until = element("input", { type: "date", value: given.until ?? "" });
  const retryAll = element("button", { text: t("deliveries.retry_all"), className: "quiet", hidden: true });
  const save = element("button", { text: t("deliveries.export"), className: "quiet" });
  const work = element("p", { className: "soft", hidden: true });
  work.setAttribute("role", "status");
  let before = given.before ?? "";
  const begin = latest();

  const filters = () => ({ state: state.value, write: write.value, lead: lead.value.trim(), since: since.value, until: until.value });
  const query = (/** @type {number} */ limit) => {
    const midnight = (/** @type {string} */ date) => (date ? String(new Date(`${date}T00:00`).getTime() / 1000) : "");
    const asking = { limit: String(limit), state: state.value, write: write.value, lead_id: lead.value.trim(), since: midnight(since.value), until: midnight(until.value && plus(until.value, 1)) };
    return Object.fromEntries(Object.entries(asking).filter(([, value]) => value));
  };
  const refresh = async () => {
    const isOld = begin();
    const { deliveries, next } = await call("get_deliveries", { connection, query: before ? { ...query(PAGE), before } : query(PAGE) });
    if (isOld()) return;
    list.replaceChildren(...deliveries.map((/** @type {Delivery} */ one) => row(one, visit, refresh)));
    const isAsked = Object.entries(filters()).some(([name, value]) => value && !(name === "state" && value === states[0]));
    body.replaceChildren(deliveries.length ? list : isAsked ? nothing(t("log.nothing_found")) : none(visit));
    links.replaceChildren(...pageLinks(visit, filters(), before, next));
    retryAll.hidden = !may("operate") || state.value !== "dead" || !deliveries.length;
    save.disabled = !deliveries.length;
  };
  // Every one of the filter, a page at a time, with word of how far it is; of the filter as it was at first, whatever is
  // chosen meanwhile.
  const all = async (/** @type {(deliveries: Delivery[]) => unknown} */ each) => {
    const asked = query(MOST);
    /** @type {string | null} */
    let after = null;
    let count = 0;
    work.hidden = false;
    do {
      /** @type {{ deliveries: Delivery[], next: string | null }} */
      const { deliveries, next } = await call("get_deliveries", { connection, query: after ? { ...asked, before: after } : asked });
      await each(deliveries);
      count += deliveries.length;
      after = next;
      work.replaceChildren(element("progress", {}), t("deliveries.so_far", { count }));
    } while (after);
    work.replaceChildren(t("deliveries.so_far", { count }));
    return count;
  };
  retryAll.onclick = () => busy(retryAll, async () => {
    if (!confirm(t("deliveries.retry_all_sure"))) return;
    await all((deliveries) => call("retry_delivery", { method: "POST", connection, body: { ids: deliveries.map((one) => one.delivery_id) } }));
    await refresh();
  });
  save.onclick = () => busy(save, async () => {
    /** @type {unknown[][]} */
    const lines = [COLUMNS];
    await all((deliveries) => lines.push(...deliveries.map(cells)));
    download(`deliveries-${new Date().toISOString().slice(0, 10)}.csv`, csv(lines));
  });
  for (const one of [state, write, lead, since, until]) {
    one.onchange = () => {
      before = "";
      visit.remember({ entry: null, query: filters() }, true);
      return told(refresh);
    };
  }
  const labelled = (/** @type {string} */ key, /** @type {HTMLElement} */ control) => element("label", {}, t(key), control);
  place.append(element("div", { className: "toolbar" }, labelled("deliveries.state", state),
    labelled("deliveries.write", write), labelled("deliveries.lead", lead), labelled("deliveries.since", since), labelled("deliveries.until", until)),
  element("div", { className: "toolbar" }, element("button", { text: t("refresh"), className: "quiet", onclick: (event) => busy(event.target, refresh) }), save, retryAll), work, body, links);
  await refresh();
  return { refresh: () => told(refresh) };
}

// What stands here, and what brings something here.
/** @param {Visit} visit */
function none({ connection, to }) {
  if (!connection) return nothing(t("deliveries.none_failed"), element("a", { href: written({ place: "connections" }), text: t("crm.title") }));
  const own = viewsOf("connection", [connection.account_domain, connection.widget_type]);
  /** @type {[string, string][]} */
  const ways = [["calculator", "deliveries.to_calculator"], ["site", "summary.no_keys"], ["", "tab.summary"]];
  return nothing(t("deliveries.none"), ...ways.filter(([view]) => view in own).map(([view, text]) => element("p", {}, element("a", { href: to({ view }), text: t(text) }))));
}

/** @param {Delivery} delivery @param {Visit} visit @param {() => Promise<unknown>} refresh */
function row(delivery, visit, refresh, isOpen = false) {
  const { connection } = visit;
  const own = connection ?? delivery; // whose it is stands in it where all are listed
  /** @type {[string, string]} */
  const account = [own.account_domain, own.widget_type];
  const name = has(`action.${delivery.action}`) ? t(`action.${delivery.action}`) : delivery.action;
  const { summary, links } = delivery;
  const at = when(delivery.created_at, written({ account, view: "deliveries", entry: delivery.delivery_id }));
  const about = [connection ? null : connectionName(delivery), has(`by.${summary.by}`) ? t(`by.${summary.by}`) : null,
    delivery.attempts > 1 ? t("deliveries.attempts", { count: delivery.attempts }) : null].filter(Boolean);
  const facts = element("div", { className: "facts" }, element("b", { text: name }), summary.total ? ` ${summary.currency ? money(summary.total, summary.currency) : amount(summary.total)}` : "", " ",
    element("span", { className: `status ${delivery.state}`, text: t(`deliveries.state_${delivery.state}`) }), element("br"),
    element("small", {}, at, ...about.map((text) => ` · ${text}`)), ...Object.entries(links).map(([key, href]) => element("span", {}, " · ", element("a", { href, target: "_blank", rel: "noopener", text: t(`deliveries.link_${key}`, { id: href.split("/").at(-1) }) }))), summary.incoming ? toBody(own, summary.incoming) : null);
  if (delivery.problem) facts.append(element("p", { className: delivery.state === "dead" ? "error" : "soft", text: delivery.problem.detail }));
  const story = element("ol", { className: "log" });
  const content = element("div", { className: "content" });
  const details = element("details", { open: isOpen }, element("summary", { text: t("deliveries.story") }), element("p", { className: "soft" }, element("code", { text: delivery.delivery_id })), story,
    ...(may("manage") ? [element("h3", { text: t("deliveries.content") }), content] : []));
  details.ontoggle = () => {
    if (connection) visit.open(delivery.delivery_id, details.open);
    if (details.open) void told(read);
  };
  const read = async () => {
    const found = await call("get_delivery", { connection: own, query: { id: delivery.delivery_id, ...(may("manage") ? { content: "1" } : {}) } });
    story.replaceChildren(...found.story.map(entryLine));
    if (!may("manage")) return;
    const [{ contentOf }, zone] = await Promise.all([moduleOf("content"), delivery.action === "bring_booking" ? call("get_settings", { connection: own }).then(({ settings }) => settings.bookings.time_zone) : ""]);
    content.replaceChildren(...(found.content ? contentOf(delivery.action, found.content, zone) : [element("p", { className: "soft", text: t("deliveries.content_gone") })]));
  };
  const again = element("button", { text: t("deliveries.retry"), onclick: (event) => busy(event.target, async () => {
    await call("retry_delivery", { method: "POST", connection: own, body: { id: delivery.delivery_id } });
    await refresh();
  }) });
  return element("li", {}, element("div", { className: "row" }, facts, delivery.state === "dead" && may("operate") ? again : null), details);
}

// To what came, as it came.
/** @type {(whose: Account, id: string) => HTMLElement} */
const toBody = ({ account_domain: domain, widget_type: type }, id) =>
  element("span", {}, " · ", element("a", { href: written({ account: [domain, type], view: "incoming", entry: id }), text: t("incoming.what") }));

// An entry of the story, in the reader's words; what has none of its own is told as the server tells it.
/** @param {Entry} entry */
function entryLine({ at, kind, step = "", outcome, code, detail }) {
  const level = kind === "dead" ? "error" : ["deferred", "warned"].includes(kind) ? "warning" : "info";
  const text = kind === "step_done" ? `${stepName(step)}: ${t(`outcome.${outcome}`)}`
    : kind === "warned" && has(`event.submission.${code}`) ? t(`event.submission.${code}`)
    : has(`event.delivery.${kind}`) ? t(`event.delivery.${kind}`) : detail ?? kind;
  const why = ["deferred", "dead"].includes(kind) && step ? `${stepName(step)}: ${detail}` : detail;
  return element("li", { className: level }, text, detail && text !== detail ? element("small", { text: why }) : null, element("small", {}, when(at)));
}

const stepName = (/** @type {string} */ name) => (has(`step.${name}`) ? t(`step.${name}`) : name);

// --- a file for a spreadsheet ----------------------------------------------------------------------------------

/** @param {Delivery} one */
function cells(one) {
  /** @type {Record<string, unknown>} */
  const flat = { ...one, ...one.summary, lead_id: one.lead_id ?? one.links.lead?.split("/").at(-1), problem: one.problem?.detail };
  return COLUMNS.map((name) => flat[name] ?? "");
}

// A cell that begins like a formula is none: a spreadsheet would carry it out.
const cell = (/** @type {unknown} */ value) => `"${String(value).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
const csv = (/** @type {unknown[][]} */ lines) => `\ufeff${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;

/** @param {string} name @param {string} text */
function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
