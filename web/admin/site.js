// Site keys: for pages of a company's site that send forms and orders.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { moduleOf } from "./modules.js";
import { busy, button, copyButton, failure, nothing } from "./pieces.js";
import { call } from "./session.js";
import { API } from "../ui/api.js";
import { guarded, held, mayLeave, redrawn, settled, staying } from "./unsaved.js";

/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {{ id: string, name: string, created_at: string, revoked_at: string | null, is_server: boolean, is_signed: boolean, origins: string[], accepts_hidden_origin: boolean }} Key */

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  const list = element("ul", { className: "rows" });
  const none = nothing(t("site.none"), button("site.new", () => name.focus(), "quiet"));
  const fresh = element("div", {});

  const begin = latest(), stays = staying();

  const refresh = async () => {
    const isOld = begin();
    const { site_keys: keys } = await call("get_site_keys", { connection });
    if (isOld()) return;
    redrawn(list, () => keys.map((/** @type {Key} */ key) => row(key, connection, stays, refresh)));
    none.hidden = keys.length > 0;
  };
  const name = element("input", { required: true, maxLength: 100, placeholder: " " });
  const origins = element("textarea", { required: true, rows: 2, placeholder: "https://example.org" });
  const hidden = element("input", { type: "checkbox" });
  const kind = element("select", {}, new Option(t("site.for_pages"), ""), new Option(t("site.for_server"), "server"));
  const ofPages = element("div", {});
  const error = failure();
  const view = guarded(element("form", {
    className: "card",
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void busy(event.submitter, () => held(view, async () => {
        const ofPage = { origins: origins.value.split(/[\s,]+/).filter(Boolean), accepts_hidden_origin: hidden.checked };
        const body = { name: name.value.trim(), ...(kind.value ? { is_server: true } : ofPage) };
        const made = await call("create_site_key", { method: "POST", connection, body });
        fresh.replaceChildren(shown(made));
        view.reset(); // a cleared field is not a wrong one
        settled(view);
        chosen();
        await refresh();
      }), error);
    },
  }, element("h2", { text: t("site.new") }), element("label", {}, t("site.name"), name), element("label", {}, t("site.kind"), kind), ofPages, error, element("button", { text: t("site.create") })));
  place.append(element("h1", { text: t("tab.site") }), element("p", { className: "soft", text: t("site.hint") }), fresh, list, none, view);
  const chosen = () => ofPages.replaceChildren(...(kind.value ? [element("p", { className: "soft", text: t("site.server_hint") })]
    : [element("label", {}, t("site.origins"), origins), element("label", { className: "check" }, hidden, t("site.hidden_origin")), element("p", { className: "soft", text: t("site.hidden_origin_hint") })]));
  kind.onchange = chosen;
  chosen();
  await refresh();
  return { refresh, keeps: true };
}

/** @param {{ site_key: string, is_server: boolean }} made */
function shown({ site_key: key, is_server: isServer }) {
  if (isServer) {
    const address = `${API}/?action=submit_form&site_key=${key}`;
    return element("section", { className: "card" }, element("h2", { text: t("site.made") }), element("p", { className: "soft", text: t("site.server_once") }),
      element("p", { className: "key" }, element("code", { text: address, id: "server-address" }), copyButton(address)),
      element("p", { className: "soft", text: t("site.server_verify") }), element("p", { className: "key" }, element("code", { text: key, id: "verify-token" }), copyButton(key)));
  }
  // The one with the script, too, says where to: it is sent where the script does not come.
  const formWith = (/** @type {string} */ more) => `<form ${more}method="post" action="${API}/?action=submit_form&site_key=${key}">\n  <input name="name"> <input name="phone"> <textarea name="comment"></textarea>\n  <button>OK</button>\n</form>`;
  const form = formWith("");
  const withScript = `${formWith("data-crm ")}\n<script src="${API}/form/embed.js" data-key="${key}" defer></${"script"}>`;
  return element("section", { className: "card" }, element("h2", { text: t("site.made") }), element("p", { className: "soft", text: t("site.once") }),
    element("p", { className: "key" }, element("code", { text: key, id: "site-key" }), copyButton(key)),
    element("p", { className: "soft", text: t("site.paste") }), element("p", { className: "key" }, element("code", { text: form }), copyButton(form)),
    element("p", { className: "soft", text: t("site.paste_script") }), element("p", { className: "key" }, element("code", { text: withScript }), copyButton(withScript)));
}

/** @param {Key} key @param {Connection} connection @param {import("./unsaved.js").Stays} stays @param {() => Promise<void>} refresh */
function row(key, connection, stays, refresh) {
  const facts = element("div", { className: "facts" }, element("b", { text: key.name }), element("small", { text: ` · ${moment(key.created_at)}` }), element("br"),
    element("span", { className: "soft", text: key.is_server ? [t("site.for_server"), key.is_signed ? t("site.signed") : ""].filter(Boolean).join(", ") : [...key.origins, key.accepts_hidden_origin ? t("site.accepts_hidden") : ""].filter(Boolean).join(", ") }));
  if (key.revoked_at) facts.append(element("p", { className: "soft", text: t("site.revoked", { moment: moment(key.revoked_at) }) }));
  const revoke = element("button", { text: t("site.revoke"), className: "quiet", onclick: (event) => busy(event.target, async () => {
    if (!confirm(t("site.revoke_sure", { name: key.name }))) return;
    await call("revoke_site_key", { method: "POST", connection, body: { id: key.id } });
    await refresh();
  }) });
  if (key.revoked_at) return element("li", {}, element("div", { className: "row" }, facts));
  const signing = stays(key.id, () => element("div", {}));
  const secret = key.is_server ? element("button", { text: t("site.secret"), className: "quiet", onclick: (event) => busy(event.target, async () => {
    const { secretForm } = await moduleOf("site_secret");
    if (mayLeave(signing)) signing.replaceChildren(...(signing.firstChild ? [] : [secretForm(key, connection, refresh)]));
  }) }) : null;
  return element("li", {}, element("div", { className: "row" }, facts, element("div", { className: "actions" }, secret, revoke)), signing);
}
