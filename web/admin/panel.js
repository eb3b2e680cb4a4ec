// The panel's frame: sign-in, tabs, and what they share. The administrator token is kept for this browser session only.

import { API, call as callApi } from "../ui/api.js";
import { $, element } from "../ui/dom.js";
import { afterTyping, latest } from "../ui/pace.js";
import { has, languagePicker, moment, t, translate } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";
import { tellKept } from "./kept.js";
import { choosing, mayLeave } from "./unsaved.js";

const TOKEN_KEY = "administrator-token";
// Each with the right that it is for.
const TABS = { overview: "see", crm: "see", calculator: "manage", bookings: "see", settings: "manage", site: "manage", incoming: "see", events: "see", automations: "see", deliveries: "see", log: "see", people: "manage" };

translate();
document.title = t("panel.title");
$("languages").append(languagePicker());

let me = { name: "", rights: [], widget_types: {} };
let shownHash = ""; // of the open tab
let shownTab = null; // what the open tab wants to be told
let signedIn = null; // whose work waits behind the sign-in

// --- what the tabs use -----------------------------------------------------------------------------------------

export function call(action, { connection, ...options } = {}) {
  const proof = { Authorization: `Bearer ${ofTab.get(TOKEN_KEY)}` };
  if (connection) {
    proof["X-Account-Domain"] = connection.account_domain;
    proof["X-Widget-Type"] = connection.widget_type;
  }
  return callApi(action, proof, options);
}

// Whether whoever is signed in may: see, operate, connect, manage.
export const may = (right) => me.rights.includes(right);

export const whoIsIn = () => me.name;
export const widgetTypes = () => Object.keys(me.widget_types);
export const widgetName = (type) => me.widget_types[type] ?? (has(`widget.${type}`) ? t(`widget.${type}`) : type);
export const connectionName = ({ account_domain, widget_type }) => `${account_domain} · ${widgetName(widget_type)}`;

// Runs work that a button began; its failure is told at the place, else on top of the page.
export async function busy(button, work, place = $("panel-error")) {
  if (button) button.disabled = true;
  const isDone = await told(work, place);
  if (button) button.disabled = false;
  return isDone;
}

export async function told(work, place = $("panel-error")) {
  place.textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (error.status === 401 && $("sign-in").hidden) sessionEnded(error.message);
    else place.textContent = error.message;
    return false;
  }
}

// Where a failure is told, and read out.
export function failure() {
  const made = element("p", { className: "error" });
  made.setAttribute("role", "alert");
  return made;
}

export const button = (key, work, className = "quiet small") => element("button", { text: t(key), className, type: "button", onclick: ({ target }) => work(target) });

export function copyButton(text) {
  const copy = element("button", { text: t("copy"), className: "quiet small", type: "button" });
  copy.onclick = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t("copied");
    setTimeout(() => { copy.textContent = t("copy"); }, 1500);
  };
  return copy;
}

const PAGE = 50;

// A choice of the connection that a tab is about. `show` is called with it, now and at every change. Where there are
// more than a page of them, they are searched by the server.
export async function pickConnection(place, show, { all = false, start = all ? "all" : "one" } = {}) {
  const { connections: first, next } = await call("connection_status", { query: { limit: String(PAGE) } });
  if (!first.length && !all) {
    place.append(element("p", { className: "soft", text: t("no_connections_yet") }));
    return element("label", {}, t("connection"), element("select", { id: "connection" }));
  }
  const select = element("select", { id: "connection" });
  const label = element("label", {}, t("connection"), select);
  let listed = [];
  const list = (found, kept) => {
    listed = kept && !found.some((one) => one.id === kept.id) ? [kept, ...found] : found;
    select.replaceChildren(...(all ? [new Option(t("all_connections"), "")] : []), ...listed.map((one) => new Option(connectionName(one), one.id, false, one.id === kept?.id)));
  };
  const chosen = () => listed.find((one) => one.id === select.value) ?? null;
  const change = () => {
    const now = chosen();
    if (now) ofTab.set("connection", JSON.stringify([now.account_domain, now.widget_type]));
    else ofTab.remove("connection");
    void told(() => show(now));
  };
  const usual = () => (start === "one" ? first.find((one) => one.status === "connected") ?? first[0] : null);
  list(first, start === "every" ? null : (await before()) ?? usual());
  choosing(select, change);
  queueMicrotask(change);
  return next ? element("div", { className: "picker" }, searching(list, chosen, change), label) : label;
}

// For whom something is set: one connection, or all of an integration or of a widget type.
export function levelPicker() {
  const levels = ["connection", "client", "widget"].map((one) => new Option(t(`calculators.level_${one}`), one));
  return element("select", { id: "level-of" }, ...levels);
}

// Somebody else has changed the same thing: whose it is to be.
export function conflictOf(text, theirs, mine) {
  return element("div", { className: "key" }, element("span", { className: "warning", text }), button("calculators.theirs", theirs), button("calculators.mine", mine));
}

// The one that was chosen on another tab.
async function before() {
  const chosen = JSON.parse(ofTab.get("connection"));
  if (!chosen) return null;
  const [account_domain, widget_type] = chosen;
  try {
    return (await call("connection_status", { connection: { account_domain, widget_type } })).connection;
  } catch (error) {
    if (error.status === 404) return null; // it is gone
    throw error;
  }
}

function searching(list, chosen, change) {
  const field = element("input", { type: "search", id: "connection-search", placeholder: " " });
  const begin = latest();
  field.oninput = afterTyping(() => told(async () => {
    const isOld = begin();
    const { connections: found } = await call("connection_status", { query: { limit: String(PAGE), search: field.value.trim() } });
    if (isOld()) return;
    const kept = chosen();
    list(found, found.length ? found.find((one) => one.id === kept?.id) ?? found[0] : kept);
    if (chosen()?.id !== kept?.id) change();
  }));
  return element("label", {}, t("search_connection"), field);
}

// The log's own words are English; people read these where the catalogue has them.
export function eventLine({ at, level, kind, message, account_domain, widget_type, delivery_id, actor }) {
  const known = has(`event.${kind}`);
  const where = [moment(at), actor, account_domain, widget_type && widgetName(widget_type)].filter(Boolean).join(" · ");
  return element("li", { className: level }, known ? t(`event.${kind}`) : message,
    known && (level !== "info" || kind === "delivery.delivered" || actor) ? element("small", { text: message }) : null, element("small", { text: where }, delivery_id ? toDelivery({ account_domain, widget_type, delivery_id }) : null));
}

// From a line of the log to the delivery that it is about.
function toDelivery({ account_domain, widget_type, delivery_id }) {
  return element("span", {}, " · ", element("a", { href: `#deliveries/${delivery_id}`, text: t("deliveries.open"), onclick: () => ofTab.set("connection", JSON.stringify([account_domain, widget_type])) }));
}

// --- tabs ------------------------------------------------------------------------------------------------------

const tabs = () => Object.keys(TABS).filter((name) => may(TABS[name]));

function buildTabs() {
  $("tabs").replaceChildren(...tabs().map((name) => {
    const tab = element("button", { text: t(`tab.${name}`), id: `tab-${name}`, type: "button" });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "view");
    tab.onclick = () => { location.hash = name; };
    tab.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = tabs()[(tabs().indexOf(name) + step + tabs().length) % tabs().length];
      location.hash = next;
      $(`tab-${next}`).focus();
    };
    return tab;
  }));
}

// What is there while the server is asked: as tall as most of what comes, so that little moves.
function skeleton() {
  const made = element("div", { className: "skeleton" }, ...Array.from({ length: 5 }, () => element("span", {})));
  made.setAttribute("role", "status");
  made.setAttribute("aria-label", t("loading"));
  return made;
}

// What `load` gives. While it loads, `body` shows so; where it fails, a button that begins again.
export async function filled(body, load, again) {
  const waiting = skeleton();
  body.replaceChildren(waiting);
  try {
    return await load();
  } catch (problem) {
    // Nothing happens here where something else is being loaded by now: then this one is not there any more.
    waiting.replaceWith(element("button", { text: t("again"), className: "quiet", onclick: () => told(again) }));
    throw problem;
  }
}

const beginTab = latest();

async function openTab() {
  const isOld = beginTab();
  const asked = location.hash.slice(1).split("/")[0];
  const name = tabs().includes(asked) ? asked : tabs()[0];
  for (const one of tabs()) {
    $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
  }
  shownHash = location.hash;
  shownTab?.close?.();
  const view = $("view");
  view.setAttribute("aria-labelledby", `tab-${name}`);
  shownTab = null;
  await told(() => filled(view, async () => {
    const module = await import(`./${name}.js`);
    const fresh = element("div", {});
    const shown = (await module.show(fresh)) ?? null;
    if (isOld()) { // somebody has gone on to another tab
      shown?.close?.();
      return;
    }
    shownTab = shown;
    view.replaceChildren(fresh);
  }, openTab));
}

// --- sign-in ---------------------------------------------------------------------------------------------------

// What was typed stays behind the sign-in, and is there again for the same person.
function sessionEnded(reason) {
  signedIn = me.name;
  askToken(reason);
}

async function signOut() {
  if (!mayLeave()) return;
  signedIn = null;
  await shownTab?.close?.(); // with this person's token still
  shownTab = null;
  $("view").replaceChildren();
  askToken("");
}

// The token is thrown away only where the server has said that it is none.
function askToken(reason) {
  ofTab.remove(TOKEN_KEY);
  showSignIn(reason);
}

// `again`: what was tried in vain, and may come true later.
function showSignIn(reason, again = null) {
  $("panel").hidden = true;
  $("leave").hidden = true;
  $("me").textContent = "";
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = reason;
  $("sign-in-again").replaceChildren(...(again ? [button("again", (pressed) => busy(pressed, again, $("sign-in-error")), "quiet")] : []));
  ($("sign-in-again").firstChild ?? $("token")).focus();
  if ($("by-issuer").hidden) void offerIssuer();
}

// Where the operator has set an issuer, one signs in there as well.
export const issuer = async () => (await callApi("get_sign_in", {})).issuer;

async function offerIssuer() {
  const offered = await issuer().catch(() => null); // then a token or a link does it
  if (!offered) return;
  const link = $("by-issuer").firstElementChild;
  link.textContent = t("signin.by_issuer", { name: offered.name });
  link.href = `${API}/begin_sign_in`;
  $("by-issuer").hidden = false;
}

async function enter() {
  try {
    me = await call("get_administrator");
  } catch (error) {
    if (error.status === 401) askToken(error.message);
    else showSignIn(error.message, enter);
    return;
  }
  $("sign-in").hidden = true;
  $("panel").hidden = false;
  $("leave").hidden = false;
  $("me").textContent = me.name === "ADMIN_TOKENS" ? "" : me.name;
  tellKept(me.name);
  if (signedIn === me.name && $("view").firstChild) {
    signedIn = null;
    return;
  }
  signedIn = null;
  buildTabs();
  await openTab();
}

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  ofTab.set(TOKEN_KEY, $("token").value.trim());
  $("token").value = "";
  void enter();
});
$("leave").addEventListener("click", () => void signOut());
window.addEventListener("hashchange", () => {
  if ($("panel").hidden || location.hash === shownHash) return;
  if (mayLeave()) void openTab();
  else history.replaceState(null, "", shownHash || location.pathname + location.search);
});
// A field that a browser does not let through is brought into sight, or told: it cannot point at what is not seen.
document.addEventListener("invalid", ({ target }) => {
  for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  if (!target.checkVisibility()) $("panel-error").textContent = [target.labels?.[0]?.textContent, target.validationMessage].filter(Boolean).join(": ");
}, true);
window.addEventListener("message", ({ data }) => {
  // Only a hint to look again: what is shown comes from our own server.
  if (data?.type === "amocrm-connection") void shownTab?.refresh?.();
});

// A sign-in link works once: its code makes the token, and stands in no history.
async function enterByLink(code) {
  history.replaceState(null, "", location.pathname + location.search);
  $("sign-in").hidden = false;
  try {
    const { token } = await callApi("sign_in", { Authorization: `Bearer ${code}` }, { method: "POST" });
    ofTab.set(TOKEN_KEY, token);
  } catch (error) {
    showSignIn(error.message, error.status === 401 ? null : () => enterByLink(code));
    return;
  }
  await enter();
}

// Not awaited: a tab's module imports this one, and would wait for its end.
const { invite: invited, refused } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
if (invited) void enterByLink(invited);
else if (refused) {
  history.replaceState(null, "", location.pathname + location.search);
  askToken(has(`signin.refused_${refused}`) ? t(`signin.refused_${refused}`) : t("signin.refused_issuer"));
} else if (ofTab.get(TOKEN_KEY)) void enter();
else askToken("");
