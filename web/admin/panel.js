// The panel's frame: which place and view the address names, the ways to the others, and what is kept where it changes.

import { $, element } from "../ui/dom.js";
import { languagePicker, moment, t, translate } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { ofBrowser, ofTab } from "../ui/storage.js";
import { read, readOld, written } from "./address.js";
import { tellKept } from "./kept.js";
import { moduleOf } from "./modules.js";
import { button, filled, nothing, told } from "./pieces.js";
import { CONNECTION_VIEWS, PLACE_VIEWS, places, titleOf, viewsOf } from "./places.js";
import { call, connectionName, token, whoIsIn } from "./session.js";
import { askToken, begin } from "./signing.js";
import { isTypedIn, mayLeave } from "./unsaved.js";

/** @typedef {import("./address.js").Address} Address */
/** @typedef {{ id: string, account_domain: string, widget_type: string, status: string, [member: string]: any }} Connection */
/**
 * What a view is opened with: the connection whose place it is, the opened entry, and the filters. `remember` writes other
 * ones into the address without opening anything; `to` is the address of another view or entry of the same place.
 * @typedef {object} Visit
 * @property {Connection | null} connection
 * @property {string} view
 * @property {string | null} entry
 * @property {Record<string, string>} query
 * @property {(change: { entry?: string | null, query?: Record<string, string> }, isStep?: boolean) => void} remember
 * @property {(where: { view?: string, entry?: string | null, query?: Record<string, string> }) => string} to
 * @property {(entry: string, isOpen: boolean) => void} open writes into the address that an entry of a list was opened or closed
 * @property {(since?: number) => Promise<void>} again opens the view anew
 */
/** `keeps`: what is typed in it stays when it is refreshed. @typedef {{ close?: () => unknown, refresh?: (since?: number) => unknown, keeps?: boolean }} Shown */

const NO_KEY = "search-without-key"; // whoever speaks to their computer may not want one key to open something
const LAST = "connection"; // the one whose place was open last, in this tab

/** @type {Shown | null} */
let shown = null; // what the open view wants to be told
let shownHash = "";
let isLoaded = false; // whether what is seen is what the address names
/** @type {string | null} */
let shownPlace = null; // what the ways to its views were made for
/** @type {string | null} */
let signedOut = null; // whose work waits behind the sign-in

// --- the address ------------------------------------------------------------------------------------------------

/** @returns {[string, string] | null} */
const last = () => JSON.parse(ofTab.get(LAST) ?? "null");

/** @returns {Address} */
function here() {
  const found = read(location.hash) ?? readOld(location.hash, last());
  if (!found) return { place: "overview", account: null, view: "", entry: null, query: {} };
  if (!location.hash.startsWith("#/")) history.replaceState(null, "", written(found));
  return found;
}

/** @param {Address} at @param {Connection | null} connection @returns {Visit} */
function visitOf(at, connection) {
  let now = at;
  /** @type {Visit["remember"]} */
  const remember = ({ entry = now.entry, query = now.query }, isStep = false) => {
    if (location.hash !== shownHash) return; // somebody has gone on meanwhile
    now = { ...now, entry, query };
    const hash = written(now);
    if (hash === shownHash) return;
    if (isStep) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
    shownHash = hash;
  };
  return {
    connection, view: at.view, entry: at.entry, query: at.query, again: open,
    to: ({ view = at.view, entry = null, query = {} }) => written({ ...at, view, entry, query }),
    remember,
    open: (entry, isOpen) => {
      if (isOpen && now.entry !== entry) remember({ entry }, true);
      else if (!isOpen && now.entry === entry) remember({ entry: null });
    },
  };
}

// --- the ways ---------------------------------------------------------------------------------------------------

/** @param {string} href @param {string} text @param {boolean} isCurrent @param {string} id */
function way(href, text, isCurrent, id) {
  const link = element("a", { href, text, id });
  if (isCurrent) link.setAttribute("aria-current", "page");
  return element("li", {}, link);
}

/** @param {Address} at */
function drawPlaces(at) {
  const own = at.account ? "connections" : at.place;
  $("places").replaceChildren(element("ul", {}, ...places().map((name) => way(written({ place: name }), t(PLACE_VIEWS[name].title), name === own, `to-${name}`))));
}

// The views of a place, as links; on a phone behind a button that says which one is open.
/** @param {Address} at */
function drawViews(at) {
  const names = Object.keys(viewsOf(at.place, at.account));
  const list = element("ul", { id: "views" }, ...names.map((name) => way(written({ ...at, view: name, entry: null, query: {} }), t(titleOf(at.place, name)), name === at.view, `view-${name || "first"}`)));
  const all = element("button", { id: "views-button", type: "button", className: "quiet", text: t(titleOf(at.place, names.includes(at.view) ? at.view : "")) });
  const fold = (/** @type {boolean} */ isOpen) => {
    all.setAttribute("aria-expanded", String(isOpen));
    list.classList.toggle("open", isOpen);
  };
  all.setAttribute("aria-controls", "views");
  all.onclick = () => fold(all.getAttribute("aria-expanded") !== "true");
  fold(false);
  const focused = $("ways").contains(document.activeElement) ? document.activeElement?.id : null;
  $("ways").hidden = names.length < 2;
  $("ways").setAttribute("aria-label", at.account ? named(at.account) : t(PLACE_VIEWS[at.place].title));
  $("ways").replaceChildren(all, list);
  if (focused) ($(focused) ?? all).focus();
}

/** @param {[string, string]} account */
const named = ([account_domain, widget_type]) => connectionName({ account_domain, widget_type });

/** @param {Address} at */
const headingOf = (at) => t(titleOf(at.place, Object.hasOwn(at.account ? CONNECTION_VIEWS : PLACE_VIEWS[at.place].views, at.view) ? at.view : ""));

/** @param {Address} at */
function drawHead(at) {
  const key = JSON.stringify([at.place, at.account, whoIsIn()]);
  if (key !== shownPlace) {
    drawPlaces(at);
    $("whose").replaceChildren(...(at.account ? [element("a", { href: written({ place: "connections" }), text: t("crm.title") }), " › ", element("bdi", { text: named(at.account) })] : []));
    $("whose").hidden = !at.account;
  }
  shownPlace = key;
  drawViews(at);
  document.title = [headingOf(at), at.account ? named(at.account) : null, t("panel.title")].filter(Boolean).join(" · ");
}

// --- views ------------------------------------------------------------------------------------------------------

const beginView = latest();

/** The connection of a place; null where there is none such. @param {[string, string]} account @returns {Promise<Connection | null>} */
async function connectionOf([account_domain, widget_type]) {
  try {
    return (await call("connection_status", { connection: { account_domain, widget_type } })).connection;
  } catch (failed) {
    if (/** @type {{ status?: number }} */ (failed).status === 404) return null;
    throw failed;
  }
}

/** @param {Address} at @param {HTMLElement} fresh @returns {Promise<Shown | null>} */
async function made(at, fresh) {
  const all = at.account ? CONNECTION_VIEWS : PLACE_VIEWS[at.place].views;
  const view = Object.hasOwn(all, at.view) ? all[at.view] : null;
  const refuse = (/** @type {string} */ text) => {
    const home = at.account ? written({ ...at, view: "", entry: null, query: {} }) : written({ place: "overview" });
    fresh.append(element("h1", { text: t("panel.not_here") }), nothing(text, element("a", { href: home, text: at.account ? named(at.account) : t("tab.overview") })));
    return null;
  };
  if (!view) return refuse(t("panel.no_view"));
  const [module, connection] = await Promise.all([at.view in viewsOf(at.place, at.account) ? moduleOf(view.module) : null, at.account ? connectionOf(at.account) : null]);
  if (at.account && !connection) {
    fresh.append(element("h1", { text: t("panel.not_here") }), nothing(t("panel.no_connection", { name: named(at.account) }), element("a", { href: written({ place: "connections" }), text: t("crm.title") })));
    return null;
  }
  if (connection) ofTab.set(LAST, JSON.stringify([connection.account_domain, connection.widget_type]));
  if (!module) return refuse(t(view.isOf && at.account && !view.isOf(at.account[1]) ? "panel.not_of_type" : "panel.not_yours"));
  return (await module.show(fresh, visitOf(at, connection))) ?? null;
}

/** `since`: it comes anew by itself, and what is seen is of then. @param {number | null} since */
async function open(since = null) {
  const isOld = beginView();
  const at = here();
  const before = read(shownHash);
  const isSame = before && written({ ...at, entry: null, query: {} }) === written({ ...before, entry: null, query: {} });
  shownHash = location.hash;
  drawHead(at);
  stale.remove();
  const view = $("view");
  const stays = Boolean(isSame) && isLoaded;
  isLoaded = false;
  const left = () => {
    shown?.close?.();
    shown = null;
  };
  if (!stays) left();
  const load = async () => {
    const fresh = element("div", {});
    const opened = await made(at, fresh);
    if (isOld()) { // somebody has gone on to another view
      opened?.close?.();
      return;
    }
    if (since !== null && isTypedIn()) { // somebody is back, and has begun to type in what is seen
      opened?.close?.();
      tellStale(since);
      return;
    }
    if (stays) left();
    shown = opened;
    view.replaceChildren(fresh);
    if (!isSame) scrollTo(0, 0);
    if (before && document.activeElement === document.body) view.focus({ preventScroll: true });
  };
  // Of the same view, what is seen stays, and works on, until the other part of it is there.
  const isDone = await told(() => (stays ? load() : filled(view, load, () => open(), headingOf(at))));
  if (!isOld()) isLoaded = isDone || (stays && since !== null);
}

addEventListener("hashchange", () => {
  if ($("panel").hidden || location.hash === shownHash) return;
  if (mayLeave()) void open();
  else history.replaceState(null, "", shownHash || location.pathname + location.search);
});

// --- a tab that is left open ------------------------------------------------------------------------------------------

// After a long time in which nobody has looked, or the machine was asleep, what is seen is asked for anew; where something
// is typed in it, it is said how old it is instead.
const LONG_MILLISECONDS = 600_000, LOOK_MILLISECONDS = 20_000;
let lookedAt = Date.now();
const stale = element("span", {});

const mayRefresh = () => shown?.keeps || !isTypedIn();

/** @param {number} since */
function tellStale(since) {
  stale.replaceChildren(t("panel.stale", { moment: moment(since) }), " ", button("refresh", () => { if (mayLeave()) void open(); }));
  $("kept").append(stale);
}

function look() {
  if (document.hidden || $("view").querySelector("dialog[open]")) return;
  if (!isTypedIn()) stale.remove(); // it is saved by now
  const since = lookedAt;
  lookedAt = Date.now();
  if (lookedAt - since < LONG_MILLISECONDS || !isLoaded || $("panel").hidden) return;
  if (mayRefresh()) void told(() => (shown?.refresh ?? open)(since));
  else if (!stale.isConnected) tellStale(since); // what is seen is as old as it was told to be
}

document.addEventListener("visibilitychange", look);
setInterval(look, LOOK_MILLISECONDS);

// --- sign-in ----------------------------------------------------------------------------------------------------

addEventListener("session-ended", (event) => {
  signedOut = whoIsIn();
  askToken(/** @type {CustomEvent<string>} */ (event).detail);
});

// Only a hint to look again: what is shown comes from our own server.
addEventListener("message", ({ data }) => {
  if (data?.type === "amocrm-connection" && mayRefresh()) void shown?.refresh?.();
});

// --- the search -------------------------------------------------------------------------------------------------

async function find() {
  const account = here().account ?? last();
  const { openSearch } = await moduleOf("search");
  openSearch(account && { account_domain: account[0], widget_type: account[1] });
}

addEventListener("keydown", (event) => {
  const at = /** @type {HTMLElement} */ (event.target);
  const isTyped = event.ctrlKey || event.metaKey || event.altKey || at.closest?.("input, textarea, select, dialog, [contenteditable]");
  if (event.key !== "/" || isTyped || $("panel").hidden || ofBrowser.get(NO_KEY) === "1") return;
  event.preventDefault();
  void told(find);
});

async function signOut() {
  if (!mayLeave()) return;
  signedOut = null;
  await shown?.close?.(); // with this person's token still
  shown = null;
  isLoaded = false;
  $("view").replaceChildren();
  $("toasts").replaceChildren(); // their ways back are nobody else's
  askToken("");
}

// A field that a browser does not let through is brought into sight, or told: it cannot point at what is not seen.
document.addEventListener("invalid", (event) => {
  const target = /** @type {HTMLInputElement} */ (event.target);
  for (let around = target.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true;
  if (!target.checkVisibility()) $("panel-error").textContent = [target.labels?.[0]?.textContent, target.validationMessage].filter(Boolean).join(": ");
}, true);

translate();
document.title = t("panel.title");
$("languages").append(languagePicker());
$("find").addEventListener("click", () => void told(find));
$("leave").addEventListener("click", () => void signOut());
// Not awaited: a view's module may be on its way.
begin(async ({ name }) => {
  tellKept(name);
  const isBack = signedOut === name && isLoaded && location.hash === shownHash;
  signedOut = null;
  if (isBack) return;
  shownPlace = null;
  isLoaded = false; // what somebody else has seen is not what stays until the answer comes
  if (token.get()) await open();
});
