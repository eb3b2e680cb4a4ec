// The CRM tab: connections, a new one, another key, other ways to connect, and the addresses to copy.

import { element } from "../ui/dom.js";
import { has, language, moment, t } from "../ui/i18n.js";
import { consent } from "../ui/consent.js";
import { afterTyping, latest } from "../ui/pace.js";
import { busy, call, copyButton, failure, may, told, widgetName, widgetTypes } from "./panel.js";
import { help } from "./help.js";

const STATUSES = ["connected", "pending", "reauth_required", "disconnected"];
const FEW = 6;

export async function show(place) {
  const list = element("ul", { className: "rows", id: "connections" });
  const none = element("p", { className: "soft", text: t("crm.none"), hidden: true });
  const more = element("button", { text: t("more"), className: "quiet", hidden: true });
  const addresses = element("dl", { className: "addresses" });
  const found = filters(() => told(refresh));
  let following = null;
  const begin = latest();

  const refresh = async ({ append = false } = {}) => {
    const isOld = begin();
    const query = found.query();
    if (append && following) query.after = following;
    const { connections, next, ...urls } = await call("connection_status", { query });
    if (isOld()) return;
    following = next;
    const rows = connections.map((one) => row(one, refresh));
    if (append) list.append(...rows);
    else list.replaceChildren(...rows);
    none.hidden = list.children.length > 0;
    none.textContent = found.isOn() ? t("log.nothing_found") : t("crm.none");
    found.view.hidden = !found.isOn() && !next && list.children.length < FEW;
    more.hidden = !next;
    addresses.replaceChildren(...Object.entries(urls).map(([name, url]) => element("div", {},
      element("dt", { text: t(`address.${name}`) }), element("dd", {}, element("code", { text: url }), copyButton(url)))));
  };
  more.onclick = () => busy(more, () => refresh({ append: true }));

  place.append(
    element("h1", { text: t("crm.title") }), found.view, list, none, more,
    ...(may("manage") ? [connectByButton(refresh), form(refresh)] : []),
    element("section", { className: "card" }, element("h2", { text: t("crm.addresses") }), element("p", { className: "soft", text: t("crm.addresses_hint") }), addresses));
  await refresh();
  return { refresh: () => told(refresh) };
}

// Shown where there are more than a few.
function filters(changed) {
  const search = element("input", { type: "search", placeholder: " " });
  const status = element("select", {}, new Option(t("crm.any_status"), ""), ...STATUSES.map((one) => new Option(t(`status.${one}`), one)));
  const trouble = element("input", { type: "checkbox" });
  search.oninput = afterTyping(changed);
  status.onchange = changed;
  trouble.onchange = changed;
  const view = element("div", { className: "toolbar", hidden: true }, element("label", {}, t("search_connection"), search), element("label", {}, t("deliveries.state"), status),
    element("label", { className: "check" }, trouble, t("crm.in_trouble")));
  const query = () => Object.fromEntries(Object.entries({ search: search.value.trim(), status: status.value, trouble: trouble.checked ? "1" : "" }).filter(([, value]) => value));
  return { view, query, isOn: () => Object.keys(query()).length > 0 };
}

function row(connection, refresh) {
  const isOn = connection.status === "connected";
  const facts = element("div", { className: "facts" }, element("b", { text: connection.account_domain }), ` · ${widgetName(connection.widget_type)}`,
    element("br"), element("span", { className: `status ${connection.status}`, text: t(`status.${connection.status}`) }));
  if (isOn) facts.append(element("span", { className: "soft", text: ` · ${expiry(connection.token_expires_at)}` }));
  if (connection.problem) facts.append(...problem(connection.problem));
  const act = (key, work, className = "quiet") => element("button", { text: t(key), className, onclick: (event) => busy(event.target, work) });
  if (!may("connect")) return element("li", {}, element("div", { className: "row" }, facts));
  return element("li", {}, element("div", { className: "row" }, facts, element("div", { className: "actions" },
    act(isOn ? "crm.authorise_again" : "crm.authorise", () => authorise(connection, refresh), isOn ? "quiet" : ""),
    isOn ? act("crm.disconnect", async () => {
      if (!confirm(t("crm.disconnect_sure", { account: connection.account_domain }))) return;
      await call("disconnect", { method: "POST", connection });
      await refresh();
    }) : null)), may("manage") ? otherWays(connection, refresh) : null);
}

// In the reader's language where the catalogue knows the trouble; amoCRM's own words below.
function problem({ code, detail }) {
  const known = has(`problem.${code}`);
  return [element("p", { className: "error", text: known ? t(`problem.${code}`) : detail }), known ? element("p", { className: "soft", text: detail }) : null].filter(Boolean);
}

function expiry(text) {
  const hours = Math.round((new Date(text) - Date.now()) / 3_600_000);
  return hours > 72 ? t("crm.expires_days", { days: Math.round(hours / 24), moment: moment(text) }) : t("crm.expires_hours", { hours: Math.max(0, hours) });
}

// What is seldom needed: a token or a code brought by hand, another secret.
function otherWays(connection, refresh) {
  const way = (name, action, hint) => {
    const input = element("input", { required: true, autocomplete: "off", spellcheck: false, placeholder: " " });
    const error = failure();
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

const panelAddress = () => `${location.href.split(/[?#]/)[0]}#crm`; // where somebody wants to see that it worked

async function authorise(connection, refresh) {
  await consent(async () => {
    const body = { language, return_to: panelAddress() };
    const { connect_url: url, consent_origin: origin, redirect_uri: redirectUri } = await call("start_connection", { method: "POST", body, connection });
    return { url, origin, redirectUri };
  });
  await refresh();
}

function widgetSelect() {
  return element("select", { name: "widget_type" }, ...[...widgetTypes(), "site"].map((one) => new Option(widgetName(one), one)));
}

function platformSelect() {
  return element("select", { name: "platform" }, new Option("amoCRM", "amocrm"), new Option("Kommo", "kommo"));
}

// Without typing: amoCRM creates the integration in the account that the person chooses, and hands us its secret.
function connectByButton(refresh) {
  const select = widgetSelect();
  const platform = platformSelect();
  const button = element("button", { text: t("crm.button") });
  button.onclick = () => busy(button, async () => {
    await consent(async () => {
      const body = { widget_type: select.value, platform: platform.value, language, origin: location.href.slice(0, 1000), return_to: panelAddress() };
      const { install_url: url, redirect_uri: redirectUri } = await call("start_installation", { method: "POST", body });
      return { url, origin: new URL(url).origin, redirectUri };
    });
    await refresh();
  });
  return element("section", { className: "card" }, element("h2", { text: t("crm.button_title") }), element("p", { className: "soft", text: t("crm.button_hint") }),
    element("div", { className: "toolbar" }, element("label", {}, t("crm.type"), select), element("label", {}, t("crm.platform"), platform), button), buttonsForSites());
}

// The same for a company's own page, whose visitors connect accounts of their own.
function buttonsForSites() {
  const list = element("ul", { className: "rows", id: "install-links" });
  const fresh = element("div", {});
  const select = widgetSelect();
  const platform = platformSelect();
  const name = element("input", { maxLength: 80, placeholder: " " });
  const error = failure();
  const refresh = async () => {
    const { install_links: links } = await call("get_install_links");
    list.replaceChildren(...links.map((link) => installLink(link, refresh)));
  };
  const made = ({ link, button }) => element("div", { className: "made" }, ...[["crm.link", link], ["crm.vendor_button", button]].flatMap(([key, code]) => [
    element("p", { className: "soft", text: t(key) }), element("p", { className: "key" }, element("code", { text: code }), copyButton(code))]));
  const details = element("details", {}, element("summary", { text: t("crm.site_button") }), element("p", { className: "soft", text: t("crm.site_button_hint") }),
    element("form", {
      onsubmit: (event) => {
        event.preventDefault();
        void busy(event.submitter, async () => {
          const body = { widget_type: select.value, platform: platform.value, language, ...(name.value.trim() ? { name: name.value.trim() } : {}) };
          fresh.replaceChildren(made(await call("create_install_link", { method: "POST", body })));
          await refresh();
        }, error);
      },
    }, element("label", {}, t("crm.type"), select), element("label", {}, t("crm.platform"), platform), element("label", {}, t("crm.integration_name"), name),
    error, element("button", { text: t("crm.make_button"), className: "quiet" })), fresh, list);
  details.addEventListener("toggle", () => { if (details.open) void told(refresh, error); });
  return details;
}

function installLink(link, refresh) {
  const facts = element("div", { className: "facts" }, element("b", { text: link.name }), element("small", { text: ` · ${moment(link.created_at)}` }), element("br"),
    element("span", { className: "soft", text: `${widgetName(link.widget_type)} · ${link.platform === "kommo" ? "Kommo" : "amoCRM"}` }));
  if (link.revoked_at) facts.append(element("p", { className: "soft", text: t("site.revoked", { moment: moment(link.revoked_at) }) }));
  const revoke = element("button", { text: t("site.revoke"), className: "quiet", type: "button", onclick: (event) => busy(event.target, async () => {
    if (!confirm(t("crm.revoke_button_sure", { name: link.name }))) return;
    await call("revoke_install_link", { method: "POST", body: { id: link.id } });
    await refresh();
  }) });
  return element("li", {}, element("div", { className: "row" }, facts, link.revoked_at ? null : revoke));
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
