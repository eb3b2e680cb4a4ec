// A mobile app's connection flow (rows D1-D7), played by a page: the token of the app's user is given in the address'
// fragment, as the app's own server would give it.

import { call } from "../ui/api.js";
import { $, element } from "../ui/dom.js";
import { amount, language, languagePicker, moment, t, translate } from "../ui/i18n.js";
import { afterTyping, latest } from "../ui/pace.js";
import { ofTab } from "../ui/storage.js";

const TOKEN_KEY = "app-token";
const app = $("app");
const given = new URLSearchParams(location.hash.slice(1));
const handed = given.get("token");
if (handed) ofTab.set(TOKEN_KEY, handed);
history.replaceState(null, "", location.pathname + location.search);
translate();
document.title = t("app.title");

/** @param {string} action @param {import("../ui/api.js").Asked} [options] */
const ask = (action, options) => call(action, { Authorization: `Bearer ${ofTab.get(TOKEN_KEY)}` }, options);
const error = element("p", { className: "error" });
error.setAttribute("role", "alert");

/** @param {() => unknown} work @param {any} [button] What was pressed. */
async function told(work, button) {
  error.textContent = "";
  if (button) button.disabled = true;
  try {
    await work();
  } catch (problem) {
    error.textContent = /** @type {Error} */ (problem).message;
  }
  if (button) button.disabled = false;
}

/** @param {string} key @param {() => unknown} work */
const button = (key, work, className = "") => element("button", { text: t(key), className, onclick: (/** @type {Event} */ event) => told(work, event.target) });

async function show() {
  const head = element("div", { className: "row" }, element("h1", { text: t("app.title") }), languagePicker());
  if (!ofTab.get(TOKEN_KEY)) {
    app.replaceChildren(head, element("p", { text: t("app.no_token") }));
    return;
  }
  const loading = element("p", { className: "soft", text: t("loading") });
  app.replaceChildren(head, error, loading);
  await told(async () => {
    const { connection } = await ask("connection_status");
    const isOn = connection.status === "connected";
    /** @type {HTMLElement[]} */
    const parts = [head, element("p", { className: `state ${connection.status}`, text: t(`status.${connection.status}`) }), element("p", { className: "soft", text: connection.account_domain }), error];
    if (isOn) parts.push(...(await leads()), element("div", { className: "grow" }), button("app.disconnect", disconnect, "quiet"));
    else parts.push(element("p", { text: t("app.why") }), button("app.connect", connect), code());
    app.replaceChildren(...parts);
  });
  if (loading.isConnected) loading.replaceWith(button("again", show, "quiet"));
}

// The consent is a page of amoCRM; its end has a button that leads back here, which only the person's own tap follows.
async function connect() {
  const back = `${location.origin}${location.pathname}`;
  const { connect_url } = await ask("start_connection", { method: "POST", body: { language, return_to: back } });
  location.assign(connect_url);
}

function code() {
  const input = element("input", { required: true, autocomplete: "off", placeholder: " " });
  return element("details", {}, element("summary", { text: t("app.have_code") }), element("form", {
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void told(async () => {
        await ask("exchange_code", { method: "POST", body: { code: input.value.trim() } });
        await show();
      }, event.submitter);
    },
  }, element("label", {}, t("crm.by_code"), input), element("button", { text: t("crm.connect"), className: "quiet" })));
}

async function leads() {
  const search = element("input", { type: "search", placeholder: " " });
  const list = element("ul", { className: "leads" });
  const none = element("p", { className: "soft", text: t("app.no_leads"), hidden: true });
  const begin = latest();
  let page = 1;
  const more = button("more", () => read(page + 1), "quiet");
  const read = async (/** @type {number} */ wanted) => {
    const isOld = begin();
    /** @type {Record<string, string>} */
    const query = { page: String(wanted), limit: "10" };
    if (search.value.trim()) query.query = search.value.trim();
    const { leads: found, has_more: hasMore } = await ask("get_leads", { query });
    if (isOld()) return;
    // In the account's currency, which the app does not know.
    const lines = found.map((/** @type {{ name: string, updated_at: number, price: number | null }} */ lead) => element("li", {}, element("span", {}, lead.name, element("small", { text: ` ${moment(lead.updated_at * 1000)}` })), element("b", { text: amount(lead.price ?? 0) })));
    if (wanted === 1) list.replaceChildren(...lines);
    else list.append(...lines);
    page = wanted;
    more.hidden = !hasMore;
    none.hidden = list.children.length > 0;
  };
  search.oninput = afterTyping(() => told(() => read(1)));
  await read(1);
  return [element("label", {}, t("app.search"), search), list, none, more];
}

async function disconnect() {
  if (!confirm(t("app.disconnect_sure"))) return;
  await ask("disconnect", { method: "POST" });
  await show();
}

await show();
