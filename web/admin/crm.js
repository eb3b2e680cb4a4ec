// The CRM tab: connections, a new one, another key, other ways to connect, and the addresses to copy.

import { $, element } from "../ui/dom.js";
import { language, moment, t } from "../ui/i18n.js";
import { busy, call, copyButton, told, widgetName } from "./panel.js";
import { help } from "./help.js";

const TYPES = ["glass", "countertop", "clinic", "site"];

export async function show(place) {
  const list = element("ul", { className: "rows", id: "connections" });
  const none = element("p", { className: "soft", text: t("crm.none"), hidden: true });
  const more = element("button", { text: t("more"), className: "quiet", hidden: true });
  const addresses = element("dl", { className: "addresses" });
  let following = null;

  const refresh = async ({ append = false } = {}) => {
    const query = append && following ? { after: following } : {};
    const { connections, next, ...urls } = await call("connection_status", { query });
    following = next;
    const rows = connections.map((one) => row(one, refresh));
    if (append) list.append(...rows);
    else list.replaceChildren(...rows);
    none.hidden = list.children.length > 0;
    more.hidden = !next;
    addresses.replaceChildren(...Object.entries(urls).map(([name, url]) => element("div", {},
      element("dt", { text: t(`address.${name}`) }), element("dd", {}, element("code", { text: url }), copyButton(url)))));
  };
  more.onclick = () => busy(more, () => refresh({ append: true }));

  place.append(
    element("h1", { text: t("crm.title") }), list, none, more,
    connectByButton(refresh), form(refresh),
    element("section", { className: "card" }, element("h2", { text: t("crm.addresses") }), element("p", { className: "soft", text: t("crm.addresses_hint") }), addresses));
  await refresh();
  return { refresh: () => told(refresh) };
}

function row(connection, refresh) {
  const isOn = connection.status === "connected";
  const facts = element("div", { className: "facts" }, element("b", { text: connection.account_domain }), ` · ${widgetName(connection.widget_type)}`,
    element("br"), element("span", { className: `status ${connection.status}`, text: t(`status.${connection.status}`) }));
  if (isOn) facts.append(element("span", { className: "soft", text: ` · ${expiry(connection.token_expires_at)}` }));
  if (connection.problem) facts.append(element("p", { className: "error", text: connection.problem.detail }));
  const act = (key, work, className = "quiet") => element("button", { text: t(key), className, onclick: (event) => busy(event.target, work) });
  return element("li", {}, element("div", { className: "row" }, facts, element("div", { className: "actions" },
    act(isOn ? "crm.authorise_again" : "crm.authorise", () => authorise(connection, refresh), isOn ? "quiet" : ""),
    isOn ? act("crm.disconnect", async () => {
      if (!confirm(t("crm.disconnect_sure", { account: connection.account_domain }))) return;
      await call("disconnect", { method: "POST", connection });
      await refresh();
    }) : null)), otherWays(connection, refresh));
}

function expiry(text) {
  const hours = Math.round((new Date(text) - Date.now()) / 3_600_000);
  return hours > 72 ? t("crm.expires_days", { days: Math.round(hours / 24), moment: moment(text) }) : t("crm.expires_hours", { hours: Math.max(0, hours) });
}

// What is seldom needed: a token or a code brought by hand, another secret.
function otherWays(connection, refresh) {
  const way = (name, action, hint) => {
    const input = element("input", { required: true, autocomplete: "off", spellcheck: false, placeholder: " " });
    const error = element("p", { className: "error" });
    error.setAttribute("role", "alert");
    return element("form", {
      onsubmit: (event) => {
        event.preventDefault();
        void busy(event.submitter, async () => {
          await call(action, { method: "POST", connection, body: { [name]: input.value.trim() } });
          await refresh();
        }, error);
      },
    }, element("label", {}, t(`crm.by_${name}`), input), element("p", { className: "soft", text: hint }), error, element("button", { text: t("crm.connect"), className: "quiet small" }));
  };
  return element("details", {}, element("summary", { text: t("crm.other_ways") }),
    way("code", "exchange_code", t("crm.by_code_hint")), way("token", "save_token", t("crm.by_token_hint")));
}

async function authorise(connection, refresh) {
  // The window is opened at the click itself: later the browser would take it for an unwanted popup.
  const popup = window.open("", "amocrm-consent", "popup,width=620,height=720");
  try {
    const { connect_url } = await call("start_connection", { method: "POST", body: { language }, connection });
    if (popup) popup.location = connect_url;
    else location.assign(connect_url);
  } catch (error) {
    popup?.close();
    throw error;
  }
  if (popup) void follow(popup, refresh);
}

// The callback page tells us when it is done. Where the browser keeps the two apart, the window's end tells.
async function follow(popup, refresh) {
  while (!popup.closed) await new Promise((resolve) => setTimeout(resolve, 700));
  await told(refresh);
}

function widgetSelect() {
  return element("select", { name: "widget_type" }, ...TYPES.map((one) => new Option(widgetName(one), one)));
}

// Without typing: amoCRM creates the integration in the account that the person chooses, and hands us its secret.
function connectByButton(refresh) {
  const select = widgetSelect();
  const button = element("button", { text: t("crm.button") });
  button.onclick = () => busy(button, async () => {
    const popup = window.open("", "amocrm-consent", "popup,width=620,height=760");
    try {
      const { install_url } = await call("start_installation", { method: "POST", body: { widget_type: select.value, language } });
      if (popup) popup.location = install_url;
      else location.assign(install_url);
    } catch (error) {
      popup?.close();
      throw error;
    }
    if (popup) void follow(popup, refresh);
  });
  return element("section", { className: "card" }, element("h2", { text: t("crm.button_title") }), element("p", { className: "soft", text: t("crm.button_hint") }),
    element("div", { className: "toolbar" }, element("label", {}, t("crm.type"), select), button));
}

function form(refresh) {
  const input = (name, properties = {}) => element("input", { name, autocomplete: "off", spellcheck: false, required: true, placeholder: " ", ...properties });
  const domain = input("account_domain", { placeholder: "example.amocrm.ru", autocapitalize: "off" });
  const id = input("client_id");
  const secret = input("client_secret", { type: "password", required: false });
  const hint = element("p", { className: "soft note" });
  hint.setAttribute("role", "status");
  // Live, while it is typed: what the address will be, and what looks wrong.
  domain.oninput = () => { hint.textContent = liveHint(domain.value); };
  const error = element("p", { className: "error", id: "form-error" });
  error.setAttribute("role", "alert");
  const select = widgetSelect();
  return element("section", { className: "card" }, element("h2", { text: t("crm.form_title") }), element("form", {
    id: "connection-form",
    onsubmit: (event) => {
      event.preventDefault();
      void busy(event.submitter, async () => {
        const body = { widget_type: select.value, account_domain: domain.value, client_id: id.value.trim(), client_secret: secret.value.trim() || null };
        const { connection } = await call("save_connection", { method: "POST", body });
        domain.value = connection.account_domain;
        secret.value = "";
        hint.textContent = t("crm.saved");
        await refresh();
      }, error);
    },
  }, element("label", {}, t("crm.type"), select), element("label", {}, t("crm.account"), domain), hint,
  element("label", {}, t("crm.client_id"), id), element("label", {}, t("crm.client_secret"), secret),
  element("p", { className: "soft", text: t("crm.secret_hint") }), error, element("button", { text: t("save") })), help());
}

function liveHint(typed) {
  const cleaned = typed.trim().toLowerCase().replace(/^[a-z]+:\/\//, "").replace(/[/?#].*$/, "").replace(/\.$/, "");
  if (!cleaned) return "";
  if (/^[a-z0-9-]+\.(amocrm\.(ru|com)|kommo\.com)$/.test(cleaned)) return cleaned === typed ? "" : t("crm.will_be", { account: cleaned });
  return cleaned.includes(".") ? t("crm.not_amocrm") : "";
}
