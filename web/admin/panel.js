// The panel's frame: sign-in, tabs, and what they share. The administrator token is kept for this browser session only.

import { call as callApi } from "../ui/api.js";
import { $, element } from "../ui/dom.js";
import { has, languagePicker, moment, t, translate } from "../ui/i18n.js";

const TOKEN_KEY = "administrator-token";
const TABS = ["crm", "settings", "site", "deliveries", "log"];

translate();
document.title = t("panel.title");
$("languages").append(languagePicker());

let shownTab = null; // what the open tab wants to be told

// --- what the tabs use -----------------------------------------------------------------------------------------

export function call(action, { connection, ...options } = {}) {
  const proof = { Authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY)}` };
  if (connection) {
    proof["X-Account-Domain"] = connection.account_domain;
    proof["X-Widget-Type"] = connection.widget_type;
  }
  return callApi(action, proof, options);
}

export const widgetName = (type) => (has(`widget.${type}`) ? t(`widget.${type}`) : type);
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
    if (error.status === 401) signOut(error.message);
    else place.textContent = error.message;
    return false;
  }
}

export function copyButton(text) {
  const copy = element("button", { text: t("copy"), className: "quiet small", type: "button" });
  copy.onclick = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t("copied");
    setTimeout(() => { copy.textContent = t("copy"); }, 1500);
  };
  return copy;
}

export async function connections() {
  const found = [];
  let after;
  do {
    const { connections: page, next } = await call("connection_status", { query: after ? { after, limit: "200" } : { limit: "200" } });
    found.push(...page);
    after = next;
  } while (after && found.length < 2000);
  return found;
}

// A choice of the connection that a tab is about. `show` is called with it, now and at every change.
export async function pickConnection(place, show, { all = false } = {}) {
  const found = await connections();
  const chosenBefore = found.find((one) => one.id === sessionStorage.getItem("connection"));
  const kept = (chosenBefore ?? (all ? null : found.find((one) => one.status === "connected")))?.id;
  const select = element("select", { id: "connection" });
  if (all) select.append(new Option(t("all_connections"), ""));
  select.append(...found.map((one) => new Option(connectionName(one), one.id, false, one.id === kept)));
  const label = element("label", {}, t("connection"), select);
  if (!found.length && !all) {
    place.append(element("p", { className: "soft", text: t("no_connections_yet") }));
    return label;
  }
  const chosen = () => found.find((one) => one.id === select.value) ?? null;
  select.onchange = () => {
    sessionStorage.setItem("connection", select.value);
    void told(() => show(chosen()));
  };
  if (!all || select.value) sessionStorage.setItem("connection", select.value);
  queueMicrotask(() => void told(() => show(chosen())));
  return label;
}

// The log's own words are English; people read these where the catalogue has them.
export function eventLine({ at, level, kind, message, account_domain, widget_type }) {
  const known = has(`event.${kind}`);
  const where = [moment(at), account_domain, widget_type && widgetName(widget_type)].filter(Boolean).join(" · ");
  return element("li", { className: level }, known ? t(`event.${kind}`) : message,
    known && (level !== "info" || kind === "delivery.delivered") ? element("small", { text: message }) : null, element("small", { text: where }));
}

// --- tabs ------------------------------------------------------------------------------------------------------

function buildTabs() {
  $("tabs").replaceChildren(...TABS.map((name) => {
    const tab = element("button", { text: t(`tab.${name}`), id: `tab-${name}`, type: "button" });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "view");
    tab.onclick = () => { location.hash = name; };
    tab.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = TABS[(TABS.indexOf(name) + step + TABS.length) % TABS.length];
      location.hash = next;
      $(`tab-${next}`).focus();
    };
    return tab;
  }));
}

async function openTab() {
  const asked = location.hash.slice(1).split("/")[0];
  const name = TABS.includes(asked) ? asked : TABS[0];
  for (const one of TABS) {
    $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
  }
  shownTab?.close?.();
  const view = $("view");
  view.setAttribute("aria-labelledby", `tab-${name}`);
  view.replaceChildren(element("progress", {}));
  view.firstChild.setAttribute("aria-label", t("loading"));
  await told(async () => {
    const module = await import(`./${name}.js`);
    const fresh = element("div", {});
    shownTab = (await module.show(fresh)) ?? null;
    view.replaceChildren(fresh);
  });
  if (view.firstChild?.tagName === "PROGRESS") view.replaceChildren(element("button", { text: t("again"), className: "quiet", onclick: openTab }));
}

// --- sign-in ---------------------------------------------------------------------------------------------------

function signOut(reason = "") {
  sessionStorage.removeItem(TOKEN_KEY);
  shownTab?.close?.();
  shownTab = null;
  $("panel").hidden = true;
  $("leave").hidden = true;
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = reason;
  $("token").focus();
}

async function enter() {
  const isIn = await told(() => call("connection_status", { query: { limit: "1" } }), $("sign-in-error"));
  if (!isIn) {
    $("sign-in").hidden = false;
    return;
  }
  $("sign-in").hidden = true;
  $("panel").hidden = false;
  $("leave").hidden = false;
  buildTabs();
  await openTab();
}

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, $("token").value.trim());
  $("token").value = "";
  void enter();
});
$("leave").addEventListener("click", () => signOut());
window.addEventListener("hashchange", () => { if (!$("panel").hidden) void openTab(); });
window.addEventListener("message", ({ data }) => {
  // Only a hint to look again: what is shown comes from our own server.
  if (data?.type === "amocrm-connection") void shownTab?.refresh?.();
});

// Not awaited: a tab's module imports this one, and would wait for its end.
if (sessionStorage.getItem(TOKEN_KEY)) void enter();
else $("sign-in").hidden = false;
