// The log: what happened, filtered and searched, live while its first page is open; of one connection, or of all.

import { element } from "../ui/dom.js";
import { has, t } from "../ui/i18n.js";
import { afterTyping, counted, latest } from "../ui/pace.js";
import { written } from "./address.js";
import { live, nothing, pageLinks, told, when } from "./pieces.js";
import { call, widgetName } from "./session.js";

/** @typedef {{ id: number, at: string, level: string, kind: string, message: string, account_domain: string | null, widget_type: string | null, delivery_id: string | null, actor: string | null }} Entry */

const LIVE_MILLISECONDS = 4000;
const PAGE = 50;
const LEVELS = ["", "info", "warning", "error"];

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const { connection, entry, query } = visit;
  const body = element("section", { className: "card" });
  const links = element("div", { className: "pages" });
  if (entry) {
    const { events } = await call("get_events", { connection, query: { limit: "1", before: String(Number(entry) + 1) } });
    const found = events.filter((/** @type {Entry} */ one) => String(one.id) === entry);
    body.append(found.length ? element("ol", { className: "log", id: "events" }, ...found.map((/** @type {Entry} */ one) => line(one, visit))) : nothing(t("log.gone")));
    place.append(element("h1", { text: t("tab.log") }), element("p", {}, element("a", { href: visit.to({}), text: t("log.all") })), body);
    return;
  }
  const list = element("ol", { className: "log", id: "events" });
  const level = element("select", { id: "level" }, ...LEVELS.map((one) => new Option(t(`log.level_${one || "all"}`), one)));
  const search = element("input", { type: "search", id: "search", placeholder: " ", value: query.search ?? "" });
  level.value = LEVELS.includes(query.level) ? query.level : "";
  const isLive = element("input", { type: "checkbox", checked: true });
  const home = element("a", connection ? { href: visit.to({ view: "" }), text: t("tab.summary") } : { href: written({ place: "connections" }), text: t("crm.title") });
  let before = query.before ?? "";
  const begin = latest();

  const filters = () => ({ level: level.value, search: search.value.trim() });
  const refresh = counted(async () => {
    const isOld = begin();
    const asked = Object.fromEntries(Object.entries({ ...filters(), before, limit: String(PAGE) }).filter(([, value]) => value));
    const { events, next } = await call("get_events", { connection, query: asked });
    if (isOld()) return;
    list.replaceChildren(...events.map((/** @type {Entry} */ one) => line(one, visit)));
    const none = next !== null ? "log.nothing_yet" : level.value || search.value ? "log.nothing_found" : "log.none";
    body.replaceChildren(events.length ? list : nothing(t(none), ...(none === "log.none" ? [home] : [])));
    links.replaceChildren(...pageLinks(visit, filters(), before, next, events.length < PAGE ? "log.search_further" : "pages.older"));
  });
  const changed = (/** @type {boolean} */ isStep) => {
    before = "";
    visit.remember({ query: filters() }, isStep);
    return told(refresh);
  };
  level.onchange = () => changed(true);
  search.oninput = afterTyping(() => changed(false));
  place.append(element("h1", { text: t("tab.log") }),
    element("div", { className: "toolbar" }, element("label", {}, t("log.level"), level), element("label", {}, t("log.search"), search),
      element("label", { className: "check" }, isLive, t("log.live"))), body, links);
  await refresh();
  const close = live(refresh, LIVE_MILLISECONDS, () => isLive.checked && !before && refresh.isIdle());
  return { refresh: () => told(refresh), close };
}

// The log's own words are English; people read these where the catalogue has them.
/** @param {Entry} entry @param {import("./panel.js").Visit} visit */
function line({ id, at, level, kind, message, account_domain: domain, widget_type: type, delivery_id: delivery, actor }, visit) {
  const known = has(`event.${kind}`);
  /** @type {[string, string] | null} */
  const account = domain && type ? [domain, type] : null;
  const whose = visit.connection ? null : domain && element("bdi", {}, account ? element("a", { href: written({ account }), text: `${domain} · ${widgetName(account[1])}` }) : domain);
  const parts = [when(at, visit.to({ entry: String(id) })), actor && element("bdi", { text: actor }), whose, delivery && account && element("a", { href: written({ account, view: "deliveries", entry: delivery }), text: t("deliveries.open") })].filter(Boolean);
  return element("li", { className: level }, known ? t(`event.${kind}`) : message,
    known && (level !== "info" || kind === "delivery.delivered" || actor) ? element("small", { text: message }) : null, element("small", {}, ...parts.flatMap((part, index) => (index ? [" · ", part] : [part]))));
}
