// One body as a table: each value, what it is understood as and why; choosing where it goes instead, what that would have
// made of the last ten, and saving it.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { moduleOf } from "./modules.js";
import { busy, failure, missed, ofAccount } from "./pieces.js";
import { call, may } from "./session.js";
import { readThem } from "./incoming.js";
import { saver } from "./saving.js";
import { guarded } from "./unsaved.js";

/** @typedef {import("./incoming.js").Entry} Entry */
/** @typedef {import("./incoming.js").Shared} Shared */
/** A field of an account. @typedef {{ id: number, name: string, code: string | null }} Field */
/** @typedef {Record<string, Field[]>} Known fields of leads and contacts */
/** A value of a body: what it is understood as, and where it goes. @typedef {{ name: string, named: string[], source: string | null, values?: string[], meaning: string, reason: string, goes_to: { entity: string, field_id?: number, field?: string }[] }} Value */
/** @typedef {Map<string, { place: string, value: Value }>} Changes by source: a meaning, or leads:ID, contacts:ID, or "" for as it is understood without a rule */

const PERSON = ["name", "first_name", "last_name", "phone", "email"];
const SUBMISSION = ["comment", "form", "page"];
const REST = ["field", "nothing"];
const MANY = 60; // values, above which each choice is made when somebody wants it: an account may have hundreds of fields

/** What is shown of it. @param {Entry} one @param {Shared} shared @returns {Promise<Node[]>} */
export async function entry(one, shared) {
  const { connection } = shared;
  const isManager = may("manage");
  const [found, known] = await Promise.all([
    call("get_incoming_entry", { connection, query: { id: one.id, ...(isManager ? { content: "1" } : {}) } }), isManager ? fieldsOf(connection) : null]);
  const told = [];
  if (found.problem) told.push(element("p", { className: found.reading === "nothing" ? "soft" : "error", text: found.problem }));
  if (found.reading === "order") {
    told.push(element("p", { className: "soft", text: t("incoming.is_order") }));
    if (found.understood) told.push(element("div", { className: "content" }, ...(await moduleOf("content")).contentOf("submit_order", { body: found.understood })));
  }
  if (found.values.length && !found.person) told.push(element("p", { className: "warning", text: t("incoming.nobody") }));
  if (!isManager) told.push(element("p", { className: "soft", text: t("incoming.values_hidden") }));
  const raw = found.raw ? [element("details", {}, element("summary", { text: t("incoming.raw") }), element("pre", { className: "raw", text: found.raw, tabIndex: 0 }))] : [];
  if (!found.values.length) return [...told, ...raw];
  const without = known && missed(known.missing);
  if (without) told.push(without);
  return [...told, known ? chooser(one, found, known.fields, shared) : table(found.values, isManager), ...raw];
}

/** @param {import("./panel.js").Connection} connection @returns {Promise<{ fields: Known, missing: string }>} */
const fieldsOf = (connection) => ofAccount(connection, { fields: { leads: [], contacts: [] } }, async () => {
  const [leads, contacts] = await Promise.all(["leads", "contacts"].map((entity) => call("get_custom_fields", { connection, query: { entity } })));
  return { fields: { leads: leads.fields, contacts: contacts.fields } };
});

/** @param {Value[]} values @param {boolean} isShown @param {((value: Value) => Node) | null} cell */
function table(values, isShown, cell = null) {
  const heads = ["incoming.value_name", ...(isShown ? ["incoming.value"] : []), "incoming.understood_as", "incoming.why", ...(cell ? ["incoming.goes_to"] : [])];
  const lines = values.map((value) => element("tr", {}, element("th", { scope: "row", text: value.name }), isShown ? element("td", { text: (value.values ?? []).join(", ") }) : null,
    element("td", { text: understood(value) }), element("td", { className: "soft", text: t(`incoming.reason_${value.reason}`) }), cell ? element("td", {}, cell(value)) : null));
  const box = element("div", { className: "scrolled values", tabIndex: 0 }, element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col", text: t(head) })))), element("tbody", {}, ...lines)));
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", t("incoming.what"));
  return box;
}

// What a value is, and where it goes.
/** @param {Pick<Value, "meaning" | "goes_to">} value @param {Known | null} known */
function understood({ meaning, goes_to: places }, known = null) {
  const where = places.map(({ entity, field_id: id, field }) => t(`incoming.to_${entity}`, { field: known?.[entity].find((one) => one.id === id)?.name ?? field ?? id }));
  return (meaning === "field" && where.length ? where : [t(`incoming.meaning_${meaning}`), ...where]).join("; ");
}

// --- choosing --------------------------------------------------------------------------------------------------

/** @param {Entry} one @param {{ values: Value[] }} found @param {Known} known @param {Shared} shared */
function chooser(one, found, known, shared) {
  const { connection, refresh } = shared;
  /** @type {Changes} */
  const changes = new Map();
  const error = failure();
  const conflict = element("div", {});
  const preview = element("div", {});
  preview.setAttribute("role", "status");
  const see = element("button", { text: t("incoming.preview"), className: "quiet", type: "button" });
  const save = element("button", { text: t("save"), type: "button" });
  const bar = element("div", { className: "actions", hidden: true }, save, see);
  const cell = (/** @type {Value} */ value) => {
    if (!value.source || value.meaning === "order") return element("span", { className: "soft", text: t("incoming.fixed") });
    if (found.values.length <= MANY || value.goes_to.length) return chosen(value);
    const open = element("button", { text: t("incoming.choose"), className: "quiet small", type: "button", onclick: () => {
      const select = chosen(value);
      open.replaceWith(select);
      select.focus();
    } });
    open.setAttribute("aria-label", `${t("incoming.goes_to")}: ${value.name}`);
    return open;
  };
  const chosen = (/** @type {Value} */ value) => {
    const select = places(value, known);
    select.setAttribute("aria-label", `${t("incoming.goes_to")}: ${value.name}`);
    select.onchange = () => {
      changes.set(value.source ?? "", { place: select.value, value });
      bar.hidden = false;
      preview.replaceChildren();
    };
    return select;
  };
  const wanted = (/** @type {Rules} */ submissions) => withRules(submissions, changes);
  see.onclick = () => busy(see, async () => {
    const { settings } = await call("get_settings", { connection, query: { level: "connection" } });
    const { mapping, meanings } = wanted(settings.submissions);
    const { incoming } = await call("preview_incoming", { method: "POST", connection, body: { key: one.key_id, mapping, meanings } });
    preview.replaceChildren(...previewed(incoming, known));
  }, error);
  save.onclick = () => busy(save, async () => {
    const newest = await call("get_settings", { connection, query: { level: "connection" } });
    const saved = () => {
      bar.hidden = true;
      preview.replaceChildren(...readAgain(one, shared));
      setTimeout(() => preview.querySelector("button")?.focus()); // once nothing holds it
    };
    await saver({ connection, shown: ["submissions"], read: () => ({ submissions: wanted(newest.settings.submissions) }), again: (text) => (text ? saved() : refresh()), conflict, error })(newest);
  }, error);
  return guarded(element("div", {}, table(found.values, true, cell), error, conflict, bar, preview));
}

// Where a value may go; what it is understood as by itself comes first.
/** @param {Value} value @param {Known} known */
function places(value, known) {
  const rule = value.goes_to[0];
  const set = rule ? `${rule.entity}:${rule.field_id ?? known[rule.entity].find((one) => one.code === rule.field || one.name === rule.field)?.id ?? rule.field}` : value.reason === "mapping" ? value.meaning : "";
  const group = (/** @type {string} */ key, /** @type {[string, string][]} */ options) => Object.assign(element("optgroup", {}, ...options.map(([place, text]) => new Option(text, place))), { label: t(key) });
  /** @returns {[string, string][]} */
  const meant = (/** @type {string[]} */ names) => names.map((name) => [name, t(`incoming.meaning_${name}`)]);
  /** @returns {[string, string][]} */
  const fields = (/** @type {string} */ entity) => known[entity].map((field) => [`${entity}:${field.id}`, field.name]);
  const select = element("select", {}, new Option(set ? t("incoming.by_itself") : `${t(`incoming.meaning_${value.meaning}`)} (${t("incoming.by_itself")})`, ""),
    group("incoming.group_person", meant(PERSON)), group("incoming.group_form", meant(SUBMISSION)), group("settings.deal", fields("leads")), group("settings.contact", fields("contacts")), group("incoming.group_rest", meant(REST)));
  select.value = String(set);
  if (select.selectedIndex < 0) select.append(new Option(String(rule?.field ?? set), String(set), true, true));
  return select;
}

// The rules with what was chosen. A value that goes into a field is no phone and no comment any more, unless its name is
// that of a member: then both have it.
/** @typedef {{ meanings: Record<string, string>, mapping: Record<string, any>[], [member: string]: any }} Rules */
/** @param {Rules} submissions @param {Changes} changes @returns {Rules} */
function withRules(submissions, changes) {
  const meanings = { ...submissions.meanings };
  let mapping = [...submissions.mapping];
  for (const [source, { place, value }] of changes) {
    const names = new Set([source, value.name, ...value.named]);
    for (const name of names) delete meanings[name];
    mapping = mapping.filter((rule) => !names.has(rule.source));
    const [entity, id] = place.split(":");
    if (id) {
      mapping.push({ source, entity, field_id: Number(id), field: null, type: "text", enum: null });
      if (value.meaning !== source && value.meaning !== "field") meanings[source] = "field";
    } else if (place) meanings[source] = place;
  }
  return { ...submissions, mapping, meanings };
}

// --- what it would have made -----------------------------------------------------------------------------------

/** @param {{ created_at: string, person: boolean, problem: string | null, differs: { name: string, was: Value, now: Value & { values: string[] } }[] }[]} incoming @param {Known} known */
function previewed(incoming, known) {
  const lines = incoming.map((one) => element("li", {}, element("b", { text: moment(one.created_at) }), " ", element("span", { className: one.person ? "good" : "warning", text: t(one.person ? "incoming.has_person" : "incoming.no_person") }),
    one.differs.length ? element("ul", {}, ...one.differs.map(({ name, was, now }) => element("li", {}, `${name}: `, element("span", { className: "soft", text: understood(was, known) }), " → ", element("b", { text: understood(now, known) }), now.values.length ? element("small", { text: ` ${now.values.join(", ")}` }) : null)))
      : element("small", { text: ` ${t(one.problem ? "incoming.unreadable" : "incoming.same")}` })));
  return [element("h3", { text: t("incoming.preview_title") }), incoming.length ? element("ul", {}, ...lines) : element("p", { className: "soft", text: t("incoming.none") })];
}

// After saving: the rules are for what comes; what has come already is read by them when somebody says so.
/** @param {Entry} one @param {Shared} shared */
function readAgain(one, shared) {
  const all = element("button", { text: t("incoming.read_latest"), type: "button", onclick: ({ target }) => busy(target, async () => {
    const { incoming } = await call("get_incoming", { connection: shared.connection, query: { key: one.key_id, limit: "10" } });
    await readThem(incoming, shared);
  }) });
  return [element("p", { className: "good", text: t("settings.saved") }), element("p", { className: "soft", text: t("incoming.saved_hint") }), all];
}
