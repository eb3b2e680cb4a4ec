// Events: what happens in an account, who is told of it, and how they fare.

import { element } from "../ui/dom.js";
import { duration, moment, t } from "../ui/i18n.js";
import { counted, latest } from "../ui/pace.js";
import { moduleOf } from "./modules.js";
import { busy, button, check, copyButton, failure, live, missed, nothing, ofAccount, pageLinks, told, when } from "./pieces.js";
import { call, may } from "./session.js";
import { saveOver, saver } from "./saving.js";
import { toast } from "./toast.js";
import { guarded, hasForm, isUntouched, mayLeave, redrawn, settled, staying } from "./unsaved.js";

/** @typedef {import("../../types/amocrm.js").Pipeline} Pipeline */
/** @typedef {import("../../types/amocrm.js").Status} Status */
/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {import("./panel.js").Visit} Visit */
/** @typedef {import("./saving.js").Found} Found */
/** Draws the view anew, with the form of one endpoint opened. @typedef {(saved?: string, opened?: string | null) => Promise<unknown>} Again */
/**
 * Somebody who is told, as get_endpoints lists them; `answer` of a health is what they said last.
 * @typedef {object} Endpoint
 * @property {string} id
 * @property {string} name
 * @property {string} host
 * @property {string[]} kinds
 * @property {number[]} pipelines
 * @property {number[]} statuses
 * @property {Stage[]} stages
 * @property {string[]} fields
 * @property {string[]} [missing]
 * @property {string[]} [late]
 * @property {boolean} is_on
 * @property {string | null} off_reason
 * @property {string | null} failing_since
 * @property {string | null} last_ok_at
 * @property {number | string | null} last_status
 * @property {number} waiting
 * @property {number | null} oldest_seconds
 * @property {string} revision
 */
/** Null: whichever. @typedef {{ pipeline_id: number | null, status_id: number | null }} Stage */
/** @typedef {{ is_on: boolean, way: string, last_hook_at: string | null, problem: { detail: string } | null }} Feed How changes come to us */
/** @typedef {{ endpoint_id: string, state: string, answer: string | number | null }} Send */
/** @typedef {{ id: string, kind: string, created_at: string, link: string | null, entity_id: number, sends: Send[], content?: Record<string, any> | null }} Change */
/** @typedef {{ pipeline_id: number, status_id: number, status: string }} Word What a shop calls a status */
/** What the account has, or why that is not known. @typedef {{ pipelines: Pipeline[], missing: string }} Known */
/** @typedef {ReturnType<typeof check>} Check */
/** @typedef {(endpoint: Endpoint | null, pressed: HTMLButtonElement | null) => unknown} Edit */

const kindName = (/** @type {string} */ kind) => {
  const [of, verb] = kind.split(".");
  return `${of === "*" ? "*" : t(`events.of_${of}`)}: ${verb === "*" || !verb ? t("events.all_of") : t(`events.verb_${verb}`)}`;
};
const DAY_MILLISECONDS = 86_400_000;
const LIVE_MILLISECONDS = 4000;

/** @param {HTMLElement} place @param {Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  const body = element("div", {});
  // What stays while the lists around it are drawn anew: a secret, which nobody sees again, and what somebody is typing.
  const fresh = element("div", {}), stays = staying(), editing = { place: element("div", {}), begin: latest() };
  /** @type {ReturnType<typeof happened> | null} */
  let latestNews = null;
  const begin = latest();

  /** @type {Again} */
  const refresh = async (saved = "", opened = null) => {
    const isOld = begin();
    const [{ endpoints, feed }, settings, known] = await Promise.all([call("get_endpoints", { connection }), call("get_settings", { connection }), ofAccount(connection, { pipelines: [] }, () => call("get_pipelines", { connection }))]);
    if (isOld()) return;
    const news = latestNews = happened(visit, endpoints);
    redrawn(body, () => [stays("settings", () => wanted(connection, settings, known, feed, { refresh, saved })), told_(connection, endpoints, known, { fresh, editing, opened }, refresh), news.view]);
    await news.refresh();
  };
  place.append(element("h1", { text: t("tab.events") }), element("p", { className: "soft", text: t("events.hint") }), body);
  await refresh();
  const close = live(() => latestNews?.refresh(), LIVE_MILLISECONDS, () => Boolean(latestNews?.isLive()));
  return { refresh: () => told(() => refresh()), close, keeps: true };
}

const places = (/** @type {Pipeline[]} */ pipelines) => pipelines.flatMap((one) => one.statuses.map((status) => ({ pipeline: one, status, text: pipelines.length > 1 ? `${one.name}: ${status.name}` : status.name })));

// --- on or off, and the words of a shop ------------------------------------------------------------------------------

/**
 * @param {Connection} connection @param {Found} found @param {Known} known @param {Feed | null} feed
 * @param {{ refresh: Again, saved: string }} view
 */
function wanted(connection, found, { pipelines, missing }, feed, { refresh, saved }) {
  const { settings } = found;
  const isOn = check(t("events.on"), settings.changes.is_on);
  const texts = check(t("events.message_texts"), settings.changes.message_texts);
  /** @type {Map<string, Word>} */
  const words = new Map(settings.changes.order_statuses.map((/** @type {Word} */ one) => [`${one.pipeline_id}/${one.status_id}`, one]));
  const rows = places(pipelines).map(({ pipeline, status, text }) => {
    const key = `${pipeline.id}/${status.id}`;
    const field = element("input", { value: words.get(key)?.status ?? "", maxLength: 60, placeholder: " " });
    words.delete(key);
    return { field, pipeline_id: pipeline.id, status_id: status.id, view: element("label", {}, text, field) };
  });
  const gone = [...words.values()]; // of places that cannot be seen now: they stay
  const error = failure(), conflict = element("div", {});
  const done = element("span", { className: "good", text: saved });
  done.setAttribute("role", "status");
  const save = element("button", { text: t("save") });
  const read = () => {
    const order_statuses = [...gone, ...rows.filter((one) => one.field.value.trim()).map(({ field, pipeline_id, status_id }) => ({ pipeline_id, status_id, status: field.value.trim() }))];
    return { changes: { is_on: isOn.box.checked, message_texts: texts.box.checked, order_statuses } };
  };
  const send = saver({ connection, shown: ["changes"], read, again: refresh, conflict, error });
  save.onclick = () => busy(save, () => send(found), error);
  const orders = element("details", {}, element("summary", { text: t("events.orders") }), element("p", { className: "soft", text: t("events.orders_hint") }),
    missed(missing), element("div", { className: "grid" }, ...rows.map((one) => one.view)));
  return guarded(element("section", { className: "card" }, element("h2", { text: t("events.account") }), isOn.view, texts.view, standing(connection, feed, refresh, error), orders, conflict, error, element("div", { className: "toolbar" }, save, done)));
}

/** @param {Connection} connection @param {Feed | null} feed @param {Again} again @param {HTMLElement} error */
function standing(connection, feed, again, error) {
  if (!feed?.is_on) return element("p", { className: "soft", text: t("events.off_now") });
  const facts = [t(`events.way_${feed.way}`), feed.last_hook_at ? t("events.last_hook", { moment: moment(feed.last_hook_at) }) : ""].filter(Boolean).join(" ");
  const replace = may("manage") ? button("events.replace_key", (pressed) => busy(pressed, async () => {
    if (!confirm(t("events.replace_key_sure"))) return;
    await call("replace_hook_key", { method: "POST", connection, body: {} });
    await again();
  }, error)) : null;
  return element("div", {}, element("p", { className: "soft", text: facts }), feed.problem ? element("p", { className: "warning", text: feed.problem.detail }) : null, replace);
}

// --- endpoints -------------------------------------------------------------------------------------------------------

/** @param {Connection} connection @param {Endpoint[]} endpoints @param {Known} known @param {{ fresh: HTMLElement, editing: { place: HTMLElement, begin: () => () => boolean }, opened: string | null }} around @param {Again} again */
function told_(connection, endpoints, known, { fresh, editing: { place, begin }, opened }, again) {
  const error = failure();
  /** @type {Edit} */
  const edit = (endpoint, pressed) => busy(pressed, async () => {
    if (!mayLeave(place)) return;
    place.replaceChildren(add); // nobody types in a form that is about to go
    const isOld = begin();
    const { kindsField } = await moduleOf("event_kinds");
    const kinds = await kindsField(endpoint?.kinds ?? []);
    if (isOld()) return;
    place.replaceChildren(form(connection, endpoint, known, kinds, fresh, again, () => place.replaceChildren(add)));
    place.querySelector("input")?.focus();
  }, error);
  const add = may("manage") ? button("events.new", (pressed) => edit(null, pressed), "") : element("span", {});
  if (!hasForm(place)) place.replaceChildren(add);
  const open = endpoints.find(({ id }) => id === opened);
  if (open) void edit(open, null);
  const list = element("ul", { className: "rows", id: "endpoints" }, ...endpoints.map((one) => row(connection, one, edit, fresh, again)));
  return element("section", { className: "card" }, element("h2", { text: t("events.endpoints") }), fresh,
    endpoints.length ? list : nothing(t("events.none")), error, place);
}

/** @param {Connection} connection @param {Endpoint} endpoint @param {Edit} edit @param {HTMLElement} fresh @param {Again} again */
function row(connection, endpoint, edit, fresh, again) {
  const error = failure(), answer = element("p", { className: "soft" });
  answer.setAttribute("role", "status");
  const post = (/** @type {string} */ action, body = {}) => call(action, { method: "POST", connection, body: { id: endpoint.id, ...body } });
  const buttons = element("div", { className: "toolbar" });
  if (may("operate")) {
    buttons.append(button("events.try", (pressed) => busy(pressed, async () => {
      const { answer: said, is_taken: isTaken, ms } = await post("test_endpoint");
      answer.className = isTaken ? "good" : "warning";
      answer.textContent = t(isTaken ? "events.tried" : "events.tried_in_vain", { answer: said, ms });
    }, error)), button("events.replay", (pressed) => busy(pressed, async () => {
      const since = new Date(Date.now() - DAY_MILLISECONDS).toISOString();
      const { replayed } = await call("replay_changes", { method: "POST", connection, body: { endpoint_id: endpoint.id, since } });
      answer.className = "soft";
      answer.textContent = t("events.replayed", { count: replayed });
    }, error)));
  }
  if (may("manage")) {
    buttons.append(button("events.edit", (pressed) => edit(endpoint, pressed)), button("events.new_secret", (pressed) => busy(pressed, async () => {
      if (!confirm(t("events.new_secret_sure"))) return;
      fresh.replaceChildren(secretOf(await post("replace_endpoint_secret")));
    }, error)), button("events.remove", (pressed) => busy(pressed, async () => {
      if (!confirm(t("events.remove_sure", { name: endpoint.name }))) return;
      await post("remove_endpoint");
      await again();
    }, error)));
  }
  const kinds = endpoint.kinds.length ? endpoint.kinds.map(kindName).join(", ") : t("events.every_kind");
  return element("li", {}, element("div", { className: "facts" }, element("b", { text: endpoint.name }), element("small", { text: ` · ${endpoint.host}` }), element("br"),
    health(endpoint), element("br"), element("small", { className: "soft", text: kinds }),
    endpoint.missing?.length ? element("p", { className: "warning", text: t("events.missing", { kinds: endpoint.missing.map(kindName).join(", ") }) }) : null,
    endpoint.late?.length ? element("p", { className: "warning", text: t("events.late") }) : null), answer, error, buttons);
}

/** @param {Endpoint} endpoint */
function health(endpoint) {
  const { is_on: isOn, off_reason: reason, failing_since: since, last_ok_at: taken, waiting, oldest_seconds: age, last_status: last } = endpoint;
  if (!isOn) return element("span", { className: reason === "person" ? "soft" : "error", text: t(`events.off_${reason}`) });
  if (since) return element("span", { className: "warning", text: t("events.failing", { moment: moment(since), answer: last, count: waiting }) });
  if (waiting) return element("span", { text: t("events.waiting", { count: waiting, age: duration(age ?? 0) }) });
  return element("span", { className: taken ? "good" : "soft", text: taken ? t("events.well", { moment: moment(taken) }) : t("events.not_yet") });
}

/**
 * @param {Connection} connection @param {Endpoint | null} endpoint @param {Known} known
 * @param {{ view: HTMLElement, chosen: () => string[] }} kinds @param {HTMLElement} fresh @param {Again} again @param {() => void} leave
 */
function form(connection, endpoint, { pipelines, missing }, kinds, fresh, again, leave) {
  const error = failure(), conflict = element("div", {});
  const name = element("input", { required: true, maxLength: 100, value: endpoint?.name ?? "", placeholder: " " });
  const url = element("input", { type: "url", required: !endpoint, maxLength: 2000, placeholder: endpoint ? `https://${endpoint.host}/…` : "https://example.org/amocrm" });
  const isOn = check(t("events.is_on"), endpoint?.is_on ?? true);
  const before = { pipelines: endpoint?.pipelines ?? [], statuses: endpoint?.statuses ?? [], stages: endpoint?.stages ?? [] };
  const orAny = (/** @type {number[]} */ ids) => (ids.length ? ids : [null]);
  /** @type {Stage[]} */
  const given = before.stages.length ? before.stages : orAny(before.pipelines).flatMap((pipeline_id) => orAny(before.statuses).map((status_id) => ({ pipeline_id, status_id })));
  const isAt = (/** @type {Stage} */ one, /** @type {Pipeline} */ pipeline, /** @type {Status} */ status) => [null, pipeline.id].includes(one.pipeline_id) && [null, status.id].includes(one.status_id);
  const isAll = given.some((one) => one.pipeline_id === null && one.status_id === null); // as which nothing is chosen
  const isFor = (/** @type {Pipeline} */ pipeline, /** @type {Status} */ status) => !isAll && given.some((one) => isAt(one, pipeline, status));
  // Of places that cannot be seen now: they stay, or more would be told than was asked for.
  const gone = given.filter((one) => !isAll && !places(pipelines).some(({ pipeline, status }) => isAt(one, pipeline, status)));
  const statuses = places(pipelines).map(({ status, pipeline, text }) => check(text, isFor(pipeline, status), `${pipeline.id}/${status.id}`));
  const fields = element("input", { value: endpoint?.fields.join(", ") ?? "", placeholder: "price, name, field:123" });
  const group = (/** @type {string} */ key, /** @type {Check[]} */ boxes) => element("fieldset", {}, element("legend", { text: t(key) }), ...boxes.map((one) => one.view));
  const chosen = (/** @type {Check[]} */ boxes) => boxes.filter((one) => one.box.checked).map((one) => one.box.value);
  const asShown = chosen(statuses).join();
  // As it was where nobody has chosen otherwise: a whole pipeline also has the stages that are made later.
  const where = () => {
    if (chosen(statuses).join() === asShown) return before;
    const stages = [...gone, ...chosen(statuses).map((one) => one.split("/").map(Number)).map(([pipeline_id, status_id]) => ({ pipeline_id, status_id }))];
    const each = (/** @type {(number | null)[]} */ ids) => (ids.includes(null) ? [] : [...new Set(ids)]);
    return { pipelines: each(stages.map((one) => one.pipeline_id)), statuses: each(stages.map((one) => one.status_id)), stages };
  };
  const wanted = () => ({
    name: name.value.trim(), url: url.value.trim() || null, kinds: kinds.chosen(), is_on: isOn.box.checked, ...where(),
    fields: fields.value.split(/[\s,]+/).filter(Boolean),
  });
  const post = (/** @type {object} */ body, /** @type {{ revision: string } | null} */ over) => call("save_endpoint", { method: "POST", connection, body: { ...body, id: endpoint?.id ?? null, revision: over?.revision ?? null } });
  const save = async (/** @type {Endpoint | null} */ over) => {
    const body = wanted(), made = await post(body, over);
    if (made.secret) fresh.replaceChildren(secretOf(made));
    leave(); // it is made, also where the list cannot be read anew
    await told(again);
    if (!over || body.url) return; // an address that was replaced is known to nobody any more
    const { name: named, kinds: asked, pipelines: of, statuses: at, stages, fields: watched, is_on: was } = over;
    toast(t("undo.saved", { name: body.name }), async () => {
      await post({ name: named, url: null, kinds: asked, pipelines: of, statuses: at, stages, fields: watched, is_on: was }, made);
      await again();
    });
  };
  const newest = async () => (await call("get_endpoints", { connection })).endpoints.find((/** @type {Endpoint} */ one) => one.id === endpoint?.id) ?? endpoint;
  const theirs = async () => {
    const mine = wanted();
    settled(view);
    await again("", endpoint?.id);
    toast(t("undo.theirs"), async () => {
      await post(mine, await newest());
      if (isUntouched(endpoint?.id)) leave();
      await again();
    });
  };
  const view = element("form", { className: "card", onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void busy(event.submitter, () => saveOver(endpoint, save, { code: "endpoint_changed", newest, theirs, conflict, error }), error);
  } }, element("h3", { text: t(endpoint ? "events.edit" : "events.new") }), element("label", {}, t("events.name"), name), element("label", {}, t(endpoint ? "events.other_url" : "events.url"), url), isOn.view,
  element("details", { open: Boolean(endpoint?.kinds.length) }, element("summary", { text: t("events.only") }), kinds.view, statuses.length ? group("events.statuses", statuses) : missed(missing),
    element("label", {}, t("events.fields"), fields)), conflict, error, element("div", { className: "toolbar" }, element("button", { text: t("save") }), button("events.cancel", leave)));
  view.dataset.of = endpoint?.id ?? "";
  return guarded(view);
}

/** @param {{ secret: string }} made */
function secretOf({ secret }) {
  return element("div", { className: "card" }, element("p", { className: "soft", text: t("events.secret_once") }), element("p", { className: "key" }, element("code", { text: secret, id: "endpoint-secret" }), copyButton(secret)));
}

// --- what has happened -----------------------------------------------------------------------------------------------

/** @param {Visit} visit @param {Endpoint[]} endpoints */
function happened(visit, endpoints) {
  const { connection, entry, query } = visit;
  const before = query.before ?? "";
  const list = element("ol", { className: "log", id: "changes" }), error = failure();
  const none = element("p", { className: "soft", text: t(entry || before ? "log.nothing_found" : "events.nothing_yet"), hidden: true });
  const links = element("div", { className: "pages" }), whole = element("div", { className: "content" });
  let shown = ""; // so that nothing moves under a finger where nothing has changed
  const begin = latest();
  const read = counted(async () => {
    const isOld = begin();
    /** @type {{ changes: Change[], next_before: string | null }} */
    const { changes, next_before: next } = await call("get_changes", { connection, query: entry ? { id: entry, ...(may("manage") ? { content: "1" } : {}) } : before ? { before } : {} });
    if (isOld() || shown === JSON.stringify(changes)) return;
    shown = JSON.stringify(changes);
    list.replaceChildren(...changes.map((one) => change(visit, one, endpoints, error)));
    if (entry && changes.length && may("manage")) whole.replaceChildren(...(changes[0].content ? (await moduleOf("content")).eventOf(changes[0].content) : [element("p", { className: "soft", text: t("content.unread") })]));
    links.replaceChildren(...(entry ? [element("a", { className: "button quiet", href: visit.to({}), text: t("events.all") })] : pageLinks(visit, {}, before, next)));
    none.hidden = list.children.length > 0;
    if (entry || before) view.scrollIntoView();
  });
  const view = element("section", { className: "card" }, element("h2", { text: t("events.happened") }), list, whole, none, error, links);
  return { view, refresh: () => read(), isLive: () => read.isIdle() && !before && !entry };
}

/** @param {Visit} visit @param {Change} one @param {Endpoint[]} endpoints @param {HTMLElement} error */
function change(visit, one, endpoints, error) {
  const { connection } = visit;
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint.name]));
  const sends = one.sends.filter((send) => names.has(send.endpoint_id));
  const fate = sends.map((send) => `${names.get(send.endpoint_id)}: ${t(`events.send_${send.state}`, { answer: send.answer ?? "" })}`).join(" · ") || t("events.nobody");
  const line = element("li", { className: sends.some((send) => send.state === "dead") ? "error" : "" }, kindName(one.kind),
    one.link ? element("span", {}, " ", element("a", { href: one.link, target: "_blank", rel: "noopener", text: `№ ${one.entity_id}` })) : null, element("small", {}, when(one.created_at, visit.to({ entry: one.id })), ` · ${fate}`));
  for (const send of may("operate") ? sends.filter((each) => each.state !== "waiting") : []) {
    line.append(button("events.send_again", (pressed) => busy(pressed, async () => {
      await call("replay_changes", { method: "POST", connection, body: { endpoint_id: send.endpoint_id, ids: [one.id] } });
      pressed.replaceWith(element("small", { className: "good", text: t("events.sent_again") }));
    }, error)));
  }
  return line;
}
