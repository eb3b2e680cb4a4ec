// Incoming: what servers of sites have sent to each key, what became of it, and, opened, what was understood of it.

import { element } from "../ui/dom.js";
import { moment, number, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { written } from "./address.js";
import { moduleOf } from "./modules.js";
import { busy, failure, filled, nothing, pageLinks, told, when } from "./pieces.js";
import { call, may } from "./session.js";
import { choosing, isTypedIn, mayLeave } from "./unsaved.js";

/** @typedef {import("./panel.js").Connection} Connection */
/** A server's key, and what a person should know of it. @typedef {{ id: string, name: string, revoked_at: string | null, without_person: boolean, accepts_without_person: boolean, bodies_dropped_at: string | null }} Key */
/** A body that came. @typedef {{ id: string, key_id: string, created_at: string, size: number, times: number, outcome: string, detail: string | null, has_person: boolean | null, delivery_id: string | null, again_id: string | null, [member: string]: any }} Entry */
/** @typedef {{ visit: import("./panel.js").Visit, connection: Connection, keys: Key[], report: HTMLElement, refresh: () => Promise<void> }} Shared */

const OUTCOMES = ["accepted", "refused", "nothing", "taken"];
const PAGE = 20;

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const { query: given } = visit;
  const connection = /** @type {Connection} */ (visit.connection);
  const notices = element("div", {});
  const list = element("ul", { className: "rows", id: "incoming" });
  const body = element("div", {});
  const links = element("div", { className: "pages" });
  const key = element("select", { id: "incoming-key" });
  const outcome = element("select", { id: "incoming-outcome" }, new Option(t("incoming.any_outcome"), ""), ...OUTCOMES.map((one) => new Option(t(`incoming.outcome_${one}`), one, false, one === given.outcome)));
  const report = element("div", {});
  report.setAttribute("role", "status");
  let before = given.before ?? "";
  let { entry } = visit;
  let wished = given.key ?? "";
  const begin = latest();

  const filters = () => ({ key: wished, outcome: outcome.value });
  const asked = () => Object.fromEntries(Object.entries({ ...filters(), before, limit: entry ? "1" : String(PAGE) }).filter(([, value]) => value));
  const refresh = async () => {
    const isOld = begin(), openBefore = openRows();
    const load = () => Promise.all([call("get_incoming", { connection, query: asked() }), entry && call("get_incoming_entry", { connection, query: { id: entry } })]);
    const [{ keys, next, incoming }, one] = await load();
    if (isOld()) return;
    offer(keys);
    const shared = { visit, connection, keys, report, refresh };
    notices.replaceChildren(...keys.filter((/** @type {Key} */ each) => !key.value || each.id === key.value).flatMap((/** @type {Key} */ each) => noticesOf(each, shared)));
    // What somebody has opened while this was asked for stays, with what is chosen in it; so does what is chosen since.
    const now = new Map([...openRows()].filter(([id, line]) => !openBefore.has(id) || isTypedIn(line)));
    const rows = (one ? [one] : incoming).map((/** @type {Entry} */ each) => now.get(each.id) ?? (one ? opened : row)(each, shared));
    const pushedOff = [...now.values()].filter((line) => isTypedIn(line) && !rows.includes(line)); // by what has come since
    rows.push(...pushedOff);
    list.replaceChildren(...rows);
    const isFiltered = keys.length && (outcome.value || key.value);
    const none = isFiltered ? nothing(t("log.nothing_found")) : nothing(t(keys.length ? "incoming.nothing_yet" : "incoming.no_keys"), element("a", { href: visit.to({ view: "site" }), text: t("tab.site") }));
    body.replaceChildren(rows.length ? list : none);
    links.replaceChildren(...(one ? [element("a", { className: "button quiet", href: visit.to({ query: filters() }), text: t("incoming.all") })] : pageLinks(visit, filters(), before, next)));
  };
  const openRows = () => new Map(/** @type {HTMLElement[]} */ ([...list.children]).filter((each) => each.querySelector("details[open]")).map((each) => [each.dataset.id, each]));
  const offer = (/** @type {Key[]} */ keys) => {
    key.replaceChildren(new Option(t("incoming.all_keys"), ""), ...keys.map((one) => new Option(one.revoked_at ? `${one.name} (${t("incoming.revoked")})` : one.name, one.id, false, one.id === wished)));
    wished = key.value;
  };
  const anew = () => {
    report.replaceChildren();
    return told(refresh);
  };
  for (const control of [key, outcome]) {
    choosing(control, () => {
      before = "";
      entry = null;
      wished = key.value;
      visit.remember({ entry, query: filters() }, true);
      return anew();
    });
  }
  place.append(element("h1", { text: t("tab.incoming") }), element("p", { className: "soft", text: t("incoming.hint") }),
    element("div", { className: "toolbar" }, element("label", {}, t("incoming.key"), key), element("label", {}, t("incoming.outcome"), outcome)),
    element("div", { className: "toolbar" }, element("button", { text: t("refresh"), className: "quiet", onclick: ({ target }) => mayLeave() && busy(target, anew) })), notices, report, body, links);
  await refresh();
  return { refresh: () => told(refresh) };
}

/** @param {Entry} one @param {Shared} shared */
function opened(one, shared) {
  const made = row(one, shared);
  /** @type {HTMLDetailsElement} */ (made.querySelector("details")).open = true;
  return made;
}

// What a person should know of a key.
/** @param {Key} key @param {Shared} shared */
function noticesOf({ id, name, without_person: isWithout, accepts_without_person: isRight, bodies_dropped_at: dropped }, { connection, refresh }) {
  const made = [];
  const say = (/** @type {boolean} */ isSo) => mayLeave() && told(async () => {
    await call("accept_without_person", { method: "POST", connection, body: { id, is_so: isSo } });
    await refresh();
  });
  const choice = (/** @type {string} */ text, /** @type {boolean} */ isSo) => (may("manage") ? element("button", { text, className: "quiet", type: "button", onclick: ({ target }) => busy(target, () => say(isSo)) }) : null);
  if (isWithout) made.push(element("p", { className: "warning" }, t("incoming.without_person", { name }), " ", choice(t("incoming.without_person_is_right"), true)));
  if (isRight) made.push(element("p", { className: "soft" }, t("incoming.accepts_without_person", { name }), " ", choice(t("incoming.tell_of_it"), false)));
  if (dropped) made.push(element("p", { className: "soft", text: t("incoming.dropped", { name, moment: moment(dropped) }) }));
  return made;
}

/** @param {Entry} one @param {Shared} shared */
function row(one, shared) {
  const { connection, keys, visit } = shared;
  const name = keys.find((key) => key.id === one.key_id)?.name ?? "";
  const about = [t("incoming.bytes", { size: number(one.size) }), one.times > 1 ? t("incoming.times", { count: one.times }) : null].filter(Boolean);
  const links = [["delivery_id", "incoming.delivery"], ["again_id", "incoming.again"]].filter(([member]) => one[member]).map(([member, text]) => element("span", {}, " · ", toDelivery(connection, one[member], t(text))));
  const facts = element("div", { className: "facts" }, element("b", { text: name }), " ", element("span", { className: `status ${one.outcome === "accepted" ? "delivered" : one.outcome}`, text: t(`incoming.outcome_${one.outcome}`) }),
    one.has_person === false ? element("span", { className: "warning", text: ` · ${t("incoming.no_person")}` }) : null, element("br"), element("small", {}, when(one.created_at, visit.to({ entry: one.id })), ...about.map((text) => ` · ${text}`)), ...links);
  if (one.detail) facts.append(element("p", { className: one.outcome === "refused" ? "error" : "soft", text: one.detail }));
  const place = element("div", {});
  const error = failure();
  const details = element("details", {}, element("summary", { text: t("incoming.what") }), error, place);
  const open = () => told(async () => {
    const { entry } = await moduleOf("incoming_entry");
    place.replaceChildren(...(await filled(place, () => entry(one, shared), open)));
  }, error);
  details.ontoggle = () => {
    visit.open(one.id, details.open);
    if (details.open && !place.firstChild) void open();
  };
  const line = element("li", {}, element("div", { className: "row" }, facts, may("operate") ? element("button", { text: t("incoming.read_again"), className: "quiet", type: "button", onclick: ({ target }) => busy(target, () => readThem([one], shared)) }) : null), details);
  line.dataset.id = one.id;
  return line;
}

const toDelivery = (/** @type {Connection} */ { account_domain, widget_type }, /** @type {string} */ id, /** @type {string} */ text) =>
  element("a", { href: written({ account: [account_domain, widget_type], view: "deliveries", entry: id }), text });

// Reads them one by one, by the rules that are saved, and reports what each has come to.
/** @param {Entry[]} entries @param {Shared} shared */
export async function readThem(entries, { connection, report, refresh }) {
  if (!mayLeave()) return; // they are read by the rules that are saved
  const lines = element("ul", {});
  const progress = element("p", { className: "soft" });
  report.replaceChildren(element("section", { className: "card" }, element("h2", { text: t("incoming.report") }), progress, lines));
  report.scrollIntoView({ block: "nearest" });
  for (const [place, one] of entries.entries()) {
    progress.textContent = t("incoming.reading", { done: place + 1, all: entries.length });
    lines.append(element("li", {}, element("small", { text: `${moment(one.created_at)}: ` }), await result(one, connection)));
  }
  progress.remove();
  await refresh();
}

/** @param {Entry} entry @param {Connection} connection */
async function result({ id }, connection) {
  try {
    const made = await call("read_again", { method: "POST", connection, body: { id } });
    const fields = [...made.filled.contact, ...made.filled.lead].map((name) => (name === "name" ? t("incoming.meaning_name") : name === "price" ? t("incoming.price") : name));
    const parts = [t(`incoming.did_${made.outcome}`), fields.length ? t("incoming.filled", { names: fields.join(", ") }) : "", made.noted ? t("incoming.noted") : "", made.detail ?? ""];
    return element("span", { className: made.outcome === "refused" ? "error" : "" }, parts.filter(Boolean).join(" "), made.delivery_id ? element("span", {}, " ", toDelivery(connection, made.delivery_id, t("incoming.delivery"))) : null);
  } catch (problem) {
    return element("span", { className: "error", text: /** @type {Error} */ (problem).message }); // the others are read all the same
  }
}
