// A connection's own first view: what waits for somebody, what could be done next, and what works.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { authorise, otherWays } from "./connecting.js";
import { titleOf, viewsOf } from "./places.js";
import { busy, button, told } from "./pieces.js";
import { call, may } from "./session.js";
import { standing } from "./standing.js";

/** @typedef {import("./panel.js").Connection} Connection */

const FEW = 20; // deliveries that are counted; more are told as more
const KINDS = ["waits", "next", "works"];
/** @type {Record<string, string>} */
const MARKS = { waits: "!", next: "○", works: "✓" };

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  place.append(element("h1", { text: t("tab.summary") }), account(connection, visit));
  const told_ = element("div", {});
  place.append(told_);
  await told(async () => told_.replaceChildren(...(await found(connection, visit))));
  return { refresh: visit.again };
}

// The account itself: how it stands, and what can be done about it.
/** @param {Connection} connection @param {import("./panel.js").Visit} visit */
function account(connection, { again }) {
  const isOn = connection.status === "connected";
  const error = element("p", { className: "error" });
  error.setAttribute("role", "alert");
  const actions = may("connect") ? [
    button(isOn ? "crm.authorise_again" : "crm.authorise", (pressed) => busy(pressed, () => authorise(connection, again), error), isOn ? "quiet" : ""),
    ...(isOn ? [button("crm.disconnect", (pressed) => busy(pressed, async () => {
      if (!confirm(t("crm.disconnect_sure", { account: connection.account_domain }))) return;
      await call("disconnect", { method: "POST", connection });
      await again();
    }, error), "quiet")] : []),
  ] : [];
  return element("section", { className: "card", id: "account" }, element("div", { className: "row" }, element("div", { className: "facts" }, ...standing(connection)), element("div", { className: "actions" }, ...actions)),
    error, may("manage") ? otherWays(connection, again) : null);
}

// What each view has to say, in three groups. What could not be asked for says so: its own view tells why.
/** @param {Connection} connection @param {import("./panel.js").Visit} visit */
async function found(connection, visit) {
  const own = viewsOf("connection", [connection.account_domain, connection.widget_type]);
  const asked = await Promise.all(Object.entries(SAID).filter(([view]) => view in own).map(async ([view, say]) => {
    try {
      return (await say(connection)).map((one) => ({ view, ...one }));
    } catch (failed) {
      if (/** @type {{ status?: number }} */ (failed).status === 401) throw failed;
      return [{ view, ...line("waits", t("summary.not_asked", { view: t(titleOf("connection", view)) })) }];
    }
  }));
  const lines = asked.flat();
  return KINDS.map((kind) => ({ kind, some: lines.filter((one) => one.kind === kind) })).filter(({ some }) => some.length).map(({ kind, some }) =>
    element("section", { className: `card said ${kind}` }, element("h2", { text: t(`summary.${kind}`) }), element("ul", { className: "log" }, ...some.map(({ view, text, query }) =>
      element("li", {}, element("span", { text: MARKS[kind], ariaHidden: "true" }), " ", element("a", { href: visit.to({ view, query }), text }))))));
}

/** What a view has to say. @param {string} kind @param {string} text @param {Record<string, string>} [query] of its address */
const line = (kind, text, query) => ({ kind, text, query });

/** @type {Record<string, (connection: Connection) => Promise<ReturnType<typeof line>[]>>} */
const SAID = {
  deliveries: async (connection) => {
    const read = (/** @type {Record<string, string>} */ query) => call("get_deliveries", { connection, query });
    const [dead, latest] = await Promise.all([read({ state: "dead", limit: String(FEW) }), read({ state: "delivered", limit: "1" })]);
    const count = dead.deliveries.length;
    return [
      ...(count ? [line("waits", t("summary.dead", { count: dead.next ? `${count}+` : count }), { state: "dead" })] : []),
      latest.deliveries.length ? line("works", t("summary.delivered", { moment: moment(latest.deliveries[0].finished_at ?? latest.deliveries[0].created_at) })) : line("next", t("summary.no_deliveries")),
    ];
  },
  incoming: async (connection) => {
    const { keys } = await call("get_incoming", { connection, query: { limit: "1" } });
    return keys.filter((/** @type {any} */ one) => one.without_person).map((/** @type {{ id: string, name: string }} */ { id, name }) => line("waits", t("incoming.without_person", { name }), { key: id }));
  },
  events: async (connection) => {
    const { endpoints, feed } = await call("get_endpoints", { connection });
    const off = endpoints.filter((/** @type {any} */ one) => one.failing_since || (!one.is_on && one.off_reason !== "person"));
    return [
      ...(feed?.problem ? [line("waits", feed.problem.detail)] : []), ...off.map((/** @type {{ name: string }} */ { name }) => line("waits", t("summary.endpoint_off", { name }))),
      feed?.is_on ? line("works", t("summary.events", { count: endpoints.length - off.length })) : line("next", t("summary.no_events")),
    ];
  },
  site: async (connection) => {
    const count = (await call("get_site_keys", { connection })).site_keys.filter((/** @type {any} */ one) => !one.revoked_at).length;
    return [count ? line("works", t("summary.keys", { count })) : line("next", t("summary.no_keys"))];
  },
  automations: async (connection) => {
    const count = (await call("get_automations", { connection })).automations.filter((/** @type {any} */ one) => one.is_on).length;
    return count ? [line("works", t("summary.automations", { count }))] : [];
  },
  appointments: async (connection) => {
    const { settings } = await call("get_settings", { connection });
    if (settings.bookings.is_on) return [line("works", t("summary.bookings"))];
    return connection.widget_type === "clinic" ? [line("next", t("summary.no_bookings"))] : [];
  },
  settings: async (connection) => {
    const { settings } = await call("get_settings", { connection });
    return settings.company.name ? [] : [line("next", t("summary.no_company"))];
  },
};
