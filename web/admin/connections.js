// Connections: found by the server among however many there are; each is a place of its own. Below them, how to connect one.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { afterTyping, latest } from "../ui/pace.js";
import { written } from "./address.js";
import { moduleOf } from "./modules.js";
import { busy, button, nothing, pageLinks, told } from "./pieces.js";
import { CONNECTION_VIEWS, titleOf } from "./places.js";
import { call, may, widgetName } from "./session.js";
import { standing } from "./standing.js";

/** @typedef {import("./panel.js").Connection} Connection */

const STATUSES = ["connected", "pending", "reauth_required", "disconnected"];
const FEW = 6;
// What the overview says is to be done: the view of a connection in which it is done.
/** @type {Record<string, string>} */
const TODO = { ending_soon: "", overdue_refreshes: "log", endpoints_off: "events", keys_without_person: "incoming", unread_bodies: "incoming" };

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const { query: given } = visit;
  const todo = given.todo in TODO ? given.todo : "";
  const view = todo ? TODO[todo] : given.view in CONNECTION_VIEWS ? given.view : "";
  const list = element("ul", { className: "rows", id: "connections" });
  const body = element("div", {});
  const links = element("div", { className: "pages" });
  const below = element("div", {});
  const search = element("input", { type: "search", placeholder: " ", value: given.search ?? "" });
  const status = element("select", {}, new Option(t("crm.any_status"), ""), ...STATUSES.map((one) => new Option(t(`status.${one}`), one, false, one === given.status)));
  const trouble = element("input", { type: "checkbox", checked: given.trouble === "1" });
  const bar = element("div", { className: "toolbar", hidden: true }, element("label", {}, t("search_connection"), search), element("label", {}, t("deliveries.state"), status),
    element("label", { className: "check" }, trouble, t("crm.in_trouble")));
  let after = given.after ?? "";
  const begin = latest();

  const toForm = () => below.firstElementChild?.scrollIntoView();
  const chosen = () => ({ search: search.value.trim(), status: status.value, trouble: trouble.checked ? "1" : "" });
  const kept = () => ({ ...chosen(), todo, view: given.view ?? "" });
  const refresh = async () => {
    const isOld = begin();
    const asked = Object.fromEntries(Object.entries({ ...chosen(), todo, after }).filter(([, value]) => value));
    const { connections, next, ...urls } = await call("connection_status", { query: asked });
    if (isOld()) return;
    const isFiltered = Object.values(chosen()).some(Boolean) || after !== "";
    if (view && !isFiltered && connections.length === 1) { // there is nothing to choose
      location.replace(written({ account: [connections[0].account_domain, connections[0].widget_type], view }));
      return;
    }
    list.replaceChildren(...connections.map((/** @type {Connection} */ one) => row(one, view, refresh)));
    body.replaceChildren(connections.length ? list : isFiltered || todo ? nothing(t("log.nothing_found")) : nothing(t("crm.none"), ...(may("manage") ? [button("connections.new", toForm, "quiet")] : [])));
    bar.hidden = !isFiltered && !next && connections.length < FEW;
    links.replaceChildren(...pageLinks(visit, kept(), after, next, "pages.further", "after"));
    if (!below.firstChild) await connect(urls);
  };
  const connect = async (/** @type {Record<string, string>} */ urls) => {
    const { addressesOf, connectByButton, form } = await moduleOf("connecting");
    below.replaceChildren(...(may("manage") ? [connectByButton(refresh), form(refresh)] : []), addressesOf(urls));
  };
  const changed = (/** @type {boolean} */ isStep) => {
    after = "";
    visit.remember({ query: kept() }, isStep);
    return told(refresh);
  };
  search.oninput = afterTyping(() => changed(false));
  status.onchange = () => changed(true);
  trouble.onchange = () => changed(true);
  const hints = [todo ? t(`connections.todo_${todo}`) : "", view ? t("connections.choose", { view: t(titleOf("connection", view)) }) : ""].filter(Boolean);
  const toNew = may("manage") ? element("button", { className: "quiet", type: "button", text: t("connections.new"), onclick: toForm }) : null;
  place.append(element("div", { className: "row" }, element("h1", { text: t("crm.title") }), toNew),
    ...(hints.length ? [element("p", { className: "key" }, hints.join(" "), " ", element("a", { href: written({ place: "connections" }), text: t("connections.all") }))] : []), bar, body, links, below);
  await refresh();
  return { refresh: () => told(refresh) };
}

/** @param {Connection} connection @param {string} view @param {() => Promise<void>} refresh */
function row(connection, view, refresh) {
  const isOn = connection.status === "connected";
  /** @type {[string, string]} */
  const account = [connection.account_domain, connection.widget_type];
  const link = element("a", { href: written({ account, view }) }, element("bdi", { text: connection.account_domain }), " · ", element("bdi", { text: widgetName(connection.widget_type) }));
  const facts = element("div", { className: "facts" }, element("b", {}, link), element("br"), ...standing(connection));
  const authorise = isOn || !may("connect") ? null : element("button", { text: t("crm.authorise"), onclick: ({ target }) => busy(target, async () => {
    const { authorise: begun } = await moduleOf("connecting");
    await begun(connection, refresh);
  }) });
  return element("li", {}, element("div", { className: "row" }, facts, authorise));
}
