// Administrators: who they are and what they may, a link for somebody new, and an end.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { busy, button, copyButton, failure, nothing } from "./pieces.js";
import { saveOver } from "./saving.js";
import { call } from "./session.js";
import { issuer } from "./signing.js";
import { changed } from "./toast.js";
import { guarded, held, redrawn, settled, staying } from "./unsaved.js";

/** @typedef {{ id: string, name: string, email: string | null, rights: string, revision: string, created_by: string, created_at: string, expires_at: string | null, last_used_at: string | null, revoked_at: string | null, is_invited: boolean }} Person */
/** @typedef {{ name: string, redirect_uri: string }} Issuer */

const RIGHTS = ["see", "operate", "manage"];

/** @param {HTMLElement} place */
export async function show(place) {
  const list = element("ul", { className: "rows", id: "people" });
  const none = nothing(t("people.none"), button("people.new", () => invitation.querySelector("input")?.focus(), "quiet"));
  const fresh = element("div", { role: "status" });
  const offer = (/** @type {string} */ name, /** @type {string} */ link) => {
    fresh.replaceChildren(element("p", { text: t("people.made", { name }) }), element("p", { className: "key" }, element("code", { text: link }), copyButton(link)), element("p", { className: "soft", text: t("people.once") }));
    fresh.scrollIntoView({ block: "nearest" });
  };
  const by = await issuer();
  const stays = staying();
  const refresh = async () => {
    const { administrators } = await call("get_administrators");
    redrawn(list, () => administrators.map((/** @type {Person} */ one) => row(one, by, stays, refresh, offer)));
    none.hidden = administrators.length > 0;
  };
  const invitation = form(by, refresh, offer);
  place.append(element("h1", { text: t("tab.people") }), element("p", { className: "soft", text: t("people.hint") }), ...(by ? [byIssuer(by)] : []), list, none, invitation, fresh);
  await refresh();
  return { refresh, keeps: true };
}

/** @param {Issuer} issuer */
function byIssuer({ name, redirect_uri: address }) {
  return element("p", { className: "soft" }, t("people.by_issuer", { name }), " ", element("code", { text: address }), " ", copyButton(address));
}

/** @param {Person} one @param {Issuer | null} by @param {import("./unsaved.js").Stays} stays @param {() => Promise<void>} refresh @param {(name: string, link: string) => void} offer */
function row(one, by, stays, refresh, offer) {
  const state = one.revoked_at ? t("site.revoked", { moment: moment(one.revoked_at) })
    : [one.expires_at ? t("people.until", { moment: moment(one.expires_at) }) : null,
      one.last_used_at ? t("people.used", { moment: moment(one.last_used_at) }) : t("people.never"),
      one.is_invited ? t("people.invited") : null].filter(Boolean).join(" · ");
  const facts = element("div", { className: "facts" }, element("b", { text: one.name }), one.email ? ` · ${one.email}` : "", ` · ${t(`people.right_${one.rights}`)}`, element("br"),
    element("small", { text: `${state} · ${t("people.by", { name: one.created_by, moment: moment(one.created_at) })}` }));
  if (one.revoked_at) return element("li", {}, facts);
  const again = element("button", { text: t("people.again"), className: "quiet", onclick: (event) => busy(event.target, async () => {
    const { link } = await call("renew_sign_in", { method: "POST", body: { id: one.id } });
    offer(one.name, link);
    await refresh();
  }) });
  const revoke = element("button", { text: t("site.revoke"), className: "quiet", onclick: (event) => busy(event.target, async () => {
    if (!confirm(t("people.revoke_sure", { name: one.name }))) return;
    await call("revoke_administrator", { method: "POST", body: { id: one.id } });
    await refresh();
  }) });
  return element("li", {}, element("div", { className: "row" }, facts, element("div", { className: "actions" }, again, revoke)), stays(one.id, () => change(one, by, refresh)));
}

const rightsSelect = () => element("select", {}, ...RIGHTS.map((one) => new Option(t(`people.right_${one}`), one)));
const emailField = (/** @type {string} */ value) => element("input", { type: "email", maxLength: 254, placeholder: " ", autocomplete: "off", value });

// What somebody may, and by which address the issuer knows them.
/** @param {Person} one @param {Issuer | null} by @param {() => Promise<void>} refresh */
function change(one, by, refresh) {
  const rights = rightsSelect();
  rights.value = one.rights;
  const email = emailField(one.email ?? "");
  const error = failure(), conflict = element("div", {});
  const newest = async () => (await call("get_administrators")).administrators.find((/** @type {Person} */ each) => each.id === one.id) ?? one;
  const theirs = () => {
    settled(view);
    return refresh();
  };
  const save = async (/** @type {Person} */ seen) => {
    const address = email.value.trim() || null;
    await call("save_administrator", { method: "POST", body: { id: one.id, rights: rights.value, email: address, revision: seen.revision } });
    settled(view);
    await refresh();
    if (address !== seen.email || rights.value === seen.rights) return; // another address has ended sign-ins, for good
    await changed(t("undo.saved", { name: one.name }), async () => {
      const now = await newest();
      return [now.rights, now.email, now.revoked_at];
    }, async () => {
      await call("save_administrator", { method: "POST", body: { id: one.id, rights: seen.rights, email: seen.email } });
      await refresh();
    });
  };
  const view = guarded(element("form", {
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void busy(event.submitter, () => saveOver(one, save, { code: "administrator_changed", newest, theirs, conflict, error }), error);
    },
  }, element("label", {}, t("people.rights"), rights), by ? element("label", {}, t("people.email"), email) : null, conflict, error, element("button", { text: t("people.save"), className: "quiet small" })));
  return element("details", {}, element("summary", { text: t("people.change") }), view);
}

/** @param {Issuer | null} by @param {() => Promise<void>} refresh @param {(name: string, link: string) => void} offer */
function form(by, refresh, offer) {
  const name = element("input", { required: true, maxLength: 80, placeholder: " ", autocomplete: "off" });
  const rights = rightsSelect();
  const email = emailField("");
  const days = element("input", { type: "number", min: "1", max: "3650", placeholder: " " });
  const error = failure();
  const view = guarded(element("form", {
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void busy(event.submitter, () => held(view, async () => {
        const body = { name: name.value.trim(), rights: rights.value, ...(days.value ? { days: Number(days.value) } : {}), ...(email.value ? { email: email.value.trim() } : {}) };
        const { link } = await call("create_administrator", { method: "POST", body });
        offer(body.name, link);
        name.value = "";
        email.value = "";
        settled(view);
        await refresh();
      }), error);
    },
  }, element("label", {}, t("people.name"), name), element("label", {}, t("people.rights"), rights), by ? element("label", {}, t("people.email"), email) : null, element("label", {}, t("people.days"), days), error, element("button", { text: t("people.invite") })));
  return element("section", { className: "card" }, element("h2", { text: t("people.new") }), view);
}
