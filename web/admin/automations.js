// Automations: what a stage of amoCRM's pipeline starts here, with the key that is entered there; and how a bot asks.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { choice } from "./choice.js";
import { busy, button, copyButton, failure, missed, nothing, ofAccount, told } from "./pieces.js";
import { saveOver } from "./saving.js";
import { call, may } from "./session.js";
import { toast } from "./toast.js";
import { guarded, hasForm, isUntouched, mayLeave, redrawn, settled, staying } from "./unsaved.js";

/** @typedef {import("./panel.js").Connection} Connection */
/** What an automation does: its kind, and what that kind has (features/automations/effects.py). @typedef {{ kind: string, text?: string, title?: string | null, due_minutes?: number, task_type_id?: number | null, responsible_user_id?: number | null, bot_id?: number }} Work */
/** @typedef {{ id: string, name: string, is_on: boolean, host: string | null, last_asked_at: string | null, revision: string, work: Work }} Automation */
/** @typedef {{ automations: Automation[], kinds: string[], values: string[] }} Found */
/** What the account has, or why that is not known. @typedef {{ users: { id: number, name: string }[], bots: { id: number, name: string, is_active: boolean }[], missing: Record<"users" | "bots", string> }} Account */
/** What is seen once, after it was made. @typedef {{ key?: string, secret?: string }} Fresh */
/** Draws the view anew, with what was made, and the form of one automation opened. @typedef {(fresh?: Fresh, opened?: string | null) => Promise<void>} Again */

/** @type {Record<string, number>} */
const UNITS = { minutes: 1, hours: 60, days: 1440 };

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  const body = element("div", {});
  // What stays while what is around it is drawn anew.
  const once = element("div", { role: "status" }), stays = staying();
  const begin = latest();
  /** @type {Again} */
  const refresh = async (fresh = {}, opened = null) => {
    if (fresh.key || fresh.secret) once.replaceChildren(...shownOnce(fresh));
    const isOld = begin();
    const [found, users, bots] = await Promise.all([call("get_automations", { connection }), ofAccount(connection, { users: [] }, () => call("get_users", { connection })), ofAccount(connection, { bots: [] }, () => call("get_bots", { connection }))]);
    if (!isOld()) redrawn(body, () => sections(connection, found, { ...users, ...bots, missing: { users: users.missing, bots: bots.missing } }, refresh, { once, stays, opened }));
  };
  place.append(element("h1", { text: t("tab.automations") }), element("p", { className: "soft", text: t("automations.hint") }), body);
  await refresh();
  return { refresh: () => told(() => refresh()), keeps: true };
}

/** @param {Connection} connection @param {Found} found @param {Account} account @param {Again} again @param {{ once: HTMLElement, stays: import("./unsaved.js").Stays, opened: string | null }} around */
function sections(connection, found, account, again, { once, stays, opened }) {
  const edit = (/** @type {Automation | null} */ automation) => {
    if (!mayLeave(place)) return;
    place.replaceChildren(form(connection, automation, found, account, again, () => place.replaceChildren(add)));
    place.querySelector("input")?.focus();
  };
  const add = may("manage") ? button("automations.new", () => edit(null), "") : element("span", {});
  const place = stays("editing", () => element("div", {}, add), hasForm);
  const open = found.automations.find(({ id }) => id === opened);
  if (open) queueMicrotask(() => edit(open)); // once it is in its place
  const list = element("ul", { className: "rows", id: "automations" }, ...found.automations.map((one) => row(connection, one, account, edit, again)));
  return [
    element("section", { className: "card" }, element("h2", { text: t("automations.of_stages") }), once, found.automations.length ? list : nothing(t("automations.none")), place,
      element("details", {}, element("summary", { text: t("automations.how") }), element("ol", {}, ...[1, 2, 3, 4].map((step) => element("li", { text: t(`automations.how_${step}`) }))))),
    element("section", { className: "card" }, element("h2", { text: t("automations.of_bots") }), element("p", { className: "soft", text: t("automations.bots_hint") }), valuesOf(found.values)),
  ];
}

const valuesOf = (/** @type {string[]} */ values) => element("p", {}, ...values.flatMap((name) => [element("code", { text: `{${name}}` }), " "]));

// The key, and the secret of a call: nobody sees them again.
/** @param {Fresh} fresh */
function shownOnce(fresh) {
  return (/** @type {const} */ (["key", "secret"])).flatMap((name) => {
    const text = fresh[name];
    return text ? [element("p", { className: "soft", text: t(`automations.${name}_once`) }), element("p", { className: "key" }, element("code", { text, id: `automation-${name}` }), copyButton(text))] : [];
  });
}

/** @param {Connection} connection @param {Automation} one @param {Account} account @param {(automation: Automation) => void} edit @param {Again} again */
function row(connection, one, account, edit, again) {
  const error = failure();
  const post = (/** @type {string} */ action) => call(action, { method: "POST", connection, body: { id: one.id } });
  const buttons = element("div", { className: "toolbar" });
  if (may("manage")) {
    buttons.append(button("events.edit", () => edit(one)), button("automations.new_key", (pressed) => busy(pressed, async () => {
      if (!confirm(t("automations.new_key_sure"))) return;
      await again(await post("replace_automation_key"));
    }, error)), button("events.remove", (pressed) => busy(pressed, async () => {
      if (!confirm(t("automations.remove_sure", { name: one.name }))) return;
      await post("remove_automation");
      await again();
    }, error)));
  }
  const state = !one.is_on ? t("automations.off") : one.last_asked_at ? t("automations.asked", { moment: moment(one.last_asked_at) }) : t("automations.never");
  return element("li", {}, element("div", { className: "facts" }, element("b", { text: one.name }), ` · ${t(`automations.kind_${one.work.kind}`)}`, element("br"),
    element("small", { text: about(one, account) }), element("br"), element("small", { className: "soft", text: state })), error, buttons);
}

/** @param {Automation} automation @param {Account} account */
function about({ work, host }, { users, bots }) {
  if (work.kind === "call") return host;
  if (work.kind === "bot") return bots.find((bot) => bot.id === work.bot_id)?.name ?? `${t("automations.bot_number")}: ${work.bot_id}`;
  const whose = users.find((user) => user.id === work.responsible_user_id)?.name;
  return [work.text ?? work.title ?? "", work.kind === "task" ? dueIn(work.due_minutes ?? 0) : "", whose ?? ""].filter(Boolean).join(" · ");
}

// In the largest unit that says it whole.
/** @param {number} minutes */
function due(minutes) {
  const unit = Object.keys(UNITS).findLast((name) => minutes % UNITS[name] === 0 && minutes >= UNITS[name]) ?? "minutes";
  return { count: minutes / UNITS[unit], unit };
}

/** @param {number} minutes */
function dueIn(minutes) {
  const { count, unit } = due(minutes);
  return t(`automations.due_${unit}`, { count });
}

/** @param {Connection} connection @param {Automation | null} automation @param {Found} found @param {Account} account @param {Again} again @param {() => void} leave */
function form(connection, automation, found, { users, bots, missing }, again, leave) {
  const error = failure(), conflict = element("div", {});
  /** @type {Work} */
  const work = automation?.work ?? { kind: "note" };
  const name = element("input", { required: true, maxLength: 100, value: automation?.name ?? "", placeholder: " " });
  const kind = element("select", {}, ...found.kinds.map((one) => new Option(t(`automations.kind_${one}`), one, false, one === work.kind)));
  const isOn = element("input", { type: "checkbox", checked: automation?.is_on ?? true });
  const text = element("textarea", { rows: 3, maxLength: 4000, value: work.text ?? "" });
  const title = element("input", { maxLength: 200, value: work.title ?? "", placeholder: " " });
  const url = element("input", { type: "url", maxLength: 2000, placeholder: automation?.host ? `https://${automation.host}/…` : "https://example.org/amocrm" });
  const later = due(work.due_minutes ?? 1440);
  const count = element("input", { type: "number", min: "0", max: "525600", value: String(later.count) });
  const unit = element("select", {}, ...Object.keys(UNITS).map((one) => new Option(t(`automations.unit_${one}`), one, false, one === later.unit)));
  const responsible = choice([[null, t("automations.of_the_deal")], ...users.map((user) => /** @type {import("./choice.js").Choice} */ ([user.id, user.name]))], work.responsible_user_id);
  // Of an account that tells of no bots one is named by its number.
  const bot = bots.length ? choice(bots.map((one) => /** @type {import("./choice.js").Choice} */ ([one.id, one.is_active ? one.name : t("automations.bot_off", { name: one.name })])), work.bot_id ?? bots[0].id)
    : element("input", { type: "number", min: "1", required: true, value: String(work.bot_id ?? "") });
  const labelled = (/** @type {string} */ key, /** @type {HTMLElement} */ control) => element("label", {}, t(key), control);
  const words = [labelled("automations.text", text), valuesOf(found.values)];
  /** @type {Record<string, (Node | null)[]>} */
  const parts = {
    note: words,
    task: [...words, element("div", { className: "grid" }, labelled("automations.due", count), labelled("automations.unit", unit)), labelled("automations.responsible", responsible), missed(missing.users)],
    quotation: [labelled("automations.title", title), valuesOf(found.values), element("p", { className: "soft", text: t("automations.quotation_hint") })],
    call: [labelled(automation?.host ? "events.other_url" : "events.url", url)],
    bot: [labelled(bots.length ? "automations.bot" : "automations.bot_number", bot), element("p", { className: "soft", text: t("automations.bot_hint") }), missed(missing.bots)],
  };
  const own = element("div", {});
  const chosen = () => own.replaceChildren(...parts[kind.value].filter((one) => one !== null));
  kind.onchange = chosen;
  chosen();
  /** @returns {Omit<Work, "kind">} */
  const done = () => /** @type {Record<string, Omit<Work, "kind">>} */ ({
    note: { text: text.value },
    task: { text: text.value, due_minutes: Math.round(Number(count.value) * UNITS[unit.value]), responsible_user_id: Number(responsible.value) || null, task_type_id: work.task_type_id ?? null },
    quotation: { title: title.value.trim() || null },
    call: {},
    bot: { bot_id: Number(bot.value) },
  })[kind.value];
  const wanted = () => ({ name: name.value.trim(), is_on: isOn.checked, work: { kind: kind.value, ...done() }, url: kind.value === "call" ? url.value.trim() || null : null });
  const post = (/** @type {object} */ body, /** @type {{ revision: string } | null} */ over) => call("save_automation", { method: "POST", connection, body: { ...body, id: automation?.id ?? null, revision: over?.revision ?? null } });
  const save = async (/** @type {Automation | null} */ over) => {
    const body = wanted(), made = await post(body, over);
    leave(); // it is made, also where the list cannot be read anew
    await told(() => again(made));
    // An address that was replaced is known to nobody any more.
    if (!over || body.url || (body.work.kind === "call") !== (over.work.kind === "call")) return;
    toast(t("undo.saved", { name: body.name }), async () => {
      await post({ name: over.name, is_on: over.is_on, work: over.work, url: null }, made);
      await again();
    });
  };
  const newest = async () => /** @type {Found} */ (await call("get_automations", { connection })).automations.find((one) => one.id === automation?.id) ?? automation;
  const theirs = async () => {
    const mine = wanted();
    settled(view);
    await again({}, automation?.id);
    toast(t("undo.theirs"), async () => {
      await post(mine, await newest());
      if (isUntouched(automation?.id)) leave();
      await again();
    });
  };
  const view = element("form", { className: "card", onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void busy(event.submitter, () => saveOver(automation, save, { code: "automation_changed", newest, theirs, conflict, error }), error);
  } }, element("h3", { text: t(automation ? "events.edit" : "automations.new") }), labelled("automations.name", name), labelled("automations.kind", kind), own,
  element("label", { className: "check" }, isOn, t("automations.is_on")), conflict, error, element("div", { className: "toolbar" }, element("button", { text: t("save") }), button("events.cancel", leave)));
  view.dataset.of = automation?.id ?? "";
  return guarded(view);
}
