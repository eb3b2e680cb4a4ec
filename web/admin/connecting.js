// Connecting an account: by amoCRM's button, by id and key, by a code or a token brought by hand; buttons for companies' own
// pages, and the addresses to copy.

import { element } from "../ui/dom.js";
import { language, moment, t } from "../ui/i18n.js";
import { consent } from "../ui/consent.js";
import { written } from "./address.js";
import { busy, copyButton, failure, told } from "./pieces.js";
import { secretField } from "./secret_field.js";
import { call, connectionName, widgetName, widgetTypes } from "./session.js";
import { help } from "./help.js";
import { guarded, held, settled } from "./unsaved.js";

/** @typedef {import("./session.js").Account} Account */
/** @typedef {{ id: string, name: string, created_at: string, revoked_at: string | null, widget_type: string, platform: string }} Link */

// Where somebody wants to see that it worked.
const panelAddress = (/** @type {Account | null} */ account = null) => `${location.href.split(/[?#]/)[0]}${written(account ? { account: [account.account_domain, account.widget_type] } : { place: "connections" })}`;

/** @param {Account} connection @param {() => unknown} refresh */
export async function authorise(connection, refresh) {
  await consent(async () => {
    const body = { language, return_to: panelAddress(connection) };
    const { connect_url: url, consent_origin: origin, redirect_uri: redirectUri } = await call("start_connection", { method: "POST", body, connection });
    return { url, origin, redirectUri };
  });
  await refresh();
}

// What is seldom needed: a token or a code brought by hand, another secret.
/** @param {Account} connection @param {() => unknown} refresh */
export function otherWays(connection, refresh) {
  const way = (/** @type {string} */ name, /** @type {string} */ action, /** @type {string} */ hint) => {
    const input = element("input", { required: true, autocomplete: "off", spellcheck: false, placeholder: " " });
    const error = failure();
    const view = guarded(element("form", {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        void busy(event.submitter, async () => {
          await call(action, { method: "POST", connection, body: { [name]: input.value.trim() } });
          settled(view);
          await refresh();
        }, error);
      },
    }, element("label", {}, t(`crm.by_${name}`), input), element("p", { className: "soft", text: hint }), error, element("button", { text: t("crm.connect"), className: "quiet small" })));
    return view;
  };
  return element("details", {}, element("summary", { text: t("crm.other_ways") }),
    way("code", "exchange_code", t("crm.by_code_hint")), way("token", "save_token", t("crm.by_token_hint")));
}

function widgetSelect() {
  return element("select", { name: "widget_type" }, ...[...widgetTypes(), "site"].map((one) => new Option(widgetName(one), one)));
}

function platformSelect() {
  return element("select", { name: "platform" }, new Option("amoCRM", "amocrm"), new Option("Kommo", "kommo"));
}

// Without typing: amoCRM creates the integration in the account that the person chooses, and hands us its secret.
/** @param {() => unknown} refresh */
export function connectByButton(refresh) {
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
    list.replaceChildren(...links.map((/** @type {Link} */ link) => installLink(link, refresh)));
  };
  const made = (/** @type {{ link: string, button: string }} */ { link, button }) => element("div", { className: "made" }, ...[["crm.link", link], ["crm.vendor_button", button]].flatMap(([key, code]) => [
    element("p", { className: "soft", text: t(key) }), element("p", { className: "key" }, element("code", { text: code }), copyButton(code))]));
  const details = element("details", {}, element("summary", { text: t("crm.site_button") }), element("p", { className: "soft", text: t("crm.site_button_hint") }),
    element("form", {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
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

/** @param {Link} link @param {() => Promise<void>} refresh */
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

/** @param {() => unknown} refresh */
export function form(refresh) {
  const input = (/** @type {string} */ name, /** @type {Partial<HTMLInputElement>} */ properties = {}) => element("input", { name, autocomplete: "off", spellcheck: false, required: true, placeholder: " ", ...properties });
  const domain = input("account_domain", { placeholder: "example.amocrm.ru", autocapitalize: "off" });
  const id = input("client_id");
  const secret = secretField({ name: "client_secret", placeholder: " " });
  const hint = element("p", { className: "soft note" });
  hint.setAttribute("role", "status");
  // Live, while it is typed: what the address will be, and what looks wrong.
  domain.oninput = () => { hint.textContent = liveHint(domain.value); };
  const error = element("p", { className: "error", id: "form-error" });
  error.setAttribute("role", "alert");
  const select = widgetSelect();
  const view = guarded(element("form", {
    id: "connection-form",
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void busy(event.submitter, () => held(view, async () => {
        const ends = await endsOne(select.value, domain.value, id.value.trim());
        if (ends && !confirm(t("crm.disconnect_sure", { account: connectionName(ends) }))) return;
        const body = { widget_type: select.value, account_domain: domain.value, client_id: id.value.trim(), client_secret: secret.value.trim() || null };
        const { connection } = await call("save_connection", { method: "POST", body });
        domain.value = connection.account_domain;
        secret.value = "";
        settled(view);
        hint.textContent = t("crm.saved");
        await refresh();
      }), error);
    },
  }, element("label", {}, t("crm.type"), select), element("label", {}, t("crm.account"), domain), hint,
  element("label", {}, t("crm.client_id"), id), element("label", {}, t("crm.client_secret"), secret),
  element("p", { className: "soft", text: t("crm.secret_hint") }), error, element("button", { text: t("save") })));
  return element("section", { className: "card" }, element("h2", { text: t("crm.form_title") }), view, help());
}

// The connection that works, and is ended by another integration: of the account that was connected before, whose address
// may still stand in the form, or of the widget type that nobody has changed.
/** @param {string} type @param {string} typed @param {string} id @returns {Promise<Account | undefined>} */
async function endsOne(type, typed, id) {
  const account = hostOf(typed);
  const { connections } = await call("connection_status", { query: { search: account, widget_type: type, status: "connected", limit: "100" } });
  return connections.find((/** @type {Account & { client_id: string }} */ one) => one.account_domain === account && one.client_id !== id);
}

/** @param {string} typed */
const hostOf = (typed) => typed.trim().toLowerCase().replace(/^[a-z]+:\/\//, "").replace(/[/?#].*$/, "").replace(/\.$/, "");

/** @param {string} typed */
function liveHint(typed) {
  const cleaned = hostOf(typed);
  if (!cleaned) return "";
  if (/^[a-z0-9-]+\.(amocrm\.(ru|com)|kommo\.com)$/.test(cleaned)) return cleaned === typed ? "" : t("crm.will_be", { account: cleaned });
  return cleaned.includes(".") ? t("crm.not_amocrm") : "";
}

/** @param {Record<string, string>} urls */
export function addressesOf(urls) {
  return element("section", { className: "card" }, element("h2", { text: t("crm.addresses") }), element("p", { className: "soft", text: t("crm.addresses_hint") }), element("dl", { className: "addresses" },
    ...Object.entries(urls).map(([name, url]) => element("div", {}, element("dt", { text: t(`address.${name}`) }), element("dd", {}, element("code", { text: url }), copyButton(url))))));
}
