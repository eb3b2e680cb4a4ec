// A search over everything, by one key: an id, a mark or a deal's number in all connections, a phone in the account of the
// connection that is open, by amoCRM's own search; and where the words themselves can be looked for.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { afterTyping, latest } from "../ui/pace.js";
import { ofBrowser } from "../ui/storage.js";
import { written } from "./address.js";
import { button, failure, told } from "./pieces.js";
import { call, connectionName, may } from "./session.js";

/** @typedef {import("./session.js").Account} Account */
/** @typedef {{ kind: string, id: string, account_domain: string | null, widget_type: string | null, created_at: string }} Found */

const PHONE = /^[+\d][\d\s().-]{4,}$/;
const FEWEST_DIGITS = 5;
const NO_KEY = "search-without-key"; // as in panel.js

/** Where what was found is shown. @param {Found} one @returns {string} */
function addressOf({ kind, id, account_domain: domain, widget_type: type, created_at: at }) {
  if (!domain || !type) return written({ place: "overview", view: "log", entry: id });
  /** @type {[string, string]} */
  const account = [domain, type];
  switch (kind) {
    case "deal": return written({ account, view: "deliveries", query: { lead: id } });
    case "event": return written({ account, view: "log", entry: id });
    case "change": return written({ account, view: "events", entry: id });
    case "incoming": return written({ account, view: "incoming", entry: id });
    case "booking": return written({ account, view: "appointments", query: { at } });
    default: return written({ account, view: "deliveries", entry: id });
  }
}

/** @param {string} href @param {string} text @param {string} [more] */
const way = (href, text, more = "") => element("li", {}, element("a", { href, dir: "auto", text }), more ? element("small", { dir: "auto", text: more }) : null);

/** @param {Found} one */
function line(one) {
  const whose = one.account_domain && one.widget_type ? connectionName({ account_domain: one.account_domain, widget_type: one.widget_type }) : "";
  return way(addressOf(one), t(`search.${one.kind}`, { id: one.id }), [whose, moment(one.created_at)].filter(Boolean).join(" · "));
}

/** People with a phone, and their deals. @param {string} text @param {Account} connection */
async function people(text, connection) {
  const { contacts } = await call("find_contacts", { method: "POST", connection, body: { phone: text } });
  /** @type {[string, string]} */
  const account = [connection.account_domain, connection.widget_type];
  const outside = (/** @type {string} */ href, /** @type {string} */ shown) => element("a", { href, text: shown, dir: "auto", target: "_blank", rel: "noopener" });
  return contacts.map((/** @type {any} */ one) => element("li", {}, outside(one.link, one.name || t("deliveries.link_contact", { id: one.id })),
    ...one.leads.flatMap((/** @type {any} */ lead) => [" · ", outside(lead.link, t("deliveries.link_lead", { id: lead.id })), " (", element("a", { href: written({ account, view: "deliveries", query: { lead: String(lead.id) } }), text: t("tab.deliveries") }), ")"])));
}

/** Opens the search; `connection` is the one whose place is open, where there is one. @param {Account | null} connection */
export function openSearch(connection) {
  const made = element("dialog", { className: "search" });
  const field = element("input", { type: "search", id: "search-all", placeholder: " ", autocomplete: "off", spellcheck: false, maxLength: 200 });
  const key = element("input", { type: "checkbox", checked: ofBrowser.get(NO_KEY) !== "1", onchange: () => ofBrowser.set(NO_KEY, key.checked ? "" : "1") });
  const list = element("ul", { className: "log", id: "found" });
  const state = element("p", { className: "soft" }), error = failure();
  state.setAttribute("role", "status");
  const begin = latest();
  let asked = ""; // also by Enter, before somebody's pause after typing

  const look = async () => {
    const isOld = begin();
    const text = asked = field.value.trim();
    error.textContent = "";
    if (!text) {
      list.replaceChildren();
      state.textContent = t("search.hint");
      return;
    }
    state.textContent = t("loading");
    const isPhone = PHONE.test(text) && text.replace(/\D/g, "").length >= FEWEST_DIGITS && may("manage");
    /** @type {HTMLElement[]} */
    let lines = [];
    await told(async () => {
      const { found } = await call("search", { method: "POST", body: { q: text } });
      lines = found.map(line);
    }, error);
    if (isOld()) return;
    if (isPhone && connection) await told(async () => { lines.push(...(await people(text, connection))); }, error);
    if (isOld()) return;
    const words = [way(written({ place: "connections", query: { search: text } }), t("search.in_connections", { text })), way(written({ place: "overview", view: "log", query: { search: text } }), t("search.in_log", { text }))];
    state.textContent = [lines.length ? t("search.found", { count: lines.length }) : error.textContent ? "" : t("log.nothing_found"), isPhone && !connection ? t("search.no_connection") : ""].filter(Boolean).join(" ");
    list.replaceChildren(...lines, ...words);
  };

  const links = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("a")]);
  made.addEventListener("keydown", (event) => {
    const way_ = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way_) return;
    event.preventDefault();
    const all = [field, ...links()];
    all[Math.max(0, all.indexOf(/** @type {any} */ (document.activeElement)) + way_)]?.focus();
  });
  const form = element("form", { onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void look().then(() => links()[0]?.focus());
  } }, element("label", {}, t("search.label"), field), element("div", { className: "actions" }, element("button", { className: "small", text: t("search.find") }), button("close", () => made.close())));
  field.oninput = afterTyping(() => void (field.value.trim() === asked || look()));
  list.addEventListener("click", (event) => { if (/** @type {HTMLElement} */ (event.target).closest("a:not([target])")) made.close(); });
  made.addEventListener("close", () => made.remove());
  addEventListener("session-ended", () => made.close(), { once: true });
  made.setAttribute("aria-label", t("search.label"));
  made.append(form, state, error, list, element("label", { className: "check" }, key, t("search.by_key")));
  document.body.append(made);
  state.textContent = t("search.hint");
  made.showModal();
  field.focus();
}
