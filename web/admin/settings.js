// Settings of a connection, an integration or a widget type: what notes and quotations say, whose sums are taken, and
// where forms and orders go.

import { element } from "../ui/dom.js";
import { bounded, LANGUAGES, t } from "../ui/i18n.js";
import { afterTyping, latest } from "../ui/pace.js";
import { choice, choices } from "./choice.js";
import { busy, failure, filled, levelPicker, missed, ofAccount, told } from "./pieces.js";
import { call } from "./session.js";
import { saver } from "./saving.js";
import { choosing, guarded } from "./unsaved.js";

/** @typedef {import("../../types/amocrm.js").CustomField} CustomField */
/** @typedef {import("../../types/amocrm.js").Pipeline} Pipeline */
/** @typedef {import("../../types/amocrm.js").User} User */
/** @typedef {import("./choice.js").Choice} Choice */
/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {import("./panel.js").Visit} Visit */
/** @typedef {{ pipelines: Pipeline[], users: User[], fields: Record<string, CustomField[]> }} Known What the account has */
/** @typedef {{ pipeline_id: number | null, status_id: number | null }} Place A pipeline and one of its statuses */
/** @typedef {Place & { mode: string, required: string[], tags: string[], title: string | null }} Destination */
/** @typedef {{ source: string, entity: string, field_id: number | null, field: string | null, type: string, enum: string | null }} Rule */
/** @typedef {Place & { category: string, responsible_user_id: number | null }} Route */
/** A part of the settings; `read` gives its members. @typedef {{ view: HTMLElement, read: () => Record<string, any> }} Part */

const PREVIEW_MILLISECONDS = 600;

/** @param {HTMLElement} place @param {Visit} visit */
export async function show(place, visit) {
  const body = element("div", {});
  const level = levelPicker(visit.query.level);
  choosing(level, () => {
    visit.remember({ query: { level: level.value === "connection" ? "" : level.value } }, true);
    return told(() => open(body, visit, level.value));
  });
  place.append(element("h1", { text: t("tab.settings") }), element("div", { className: "toolbar" }, element("label", {}, t("settings.level"), level)), body);
  await open(body, visit, level.value);
}

const begin = latest();

/** @param {HTMLElement} body @param {Visit} visit @param {string} level */
async function open(body, visit, level, saved = "") {
  const connection = /** @type {Connection} */ (visit.connection);
  const isOld = begin();
  const isOfAccount = level === "connection";
  const load = () => Promise.all([/** @type {Promise<import("./saving.js").Found & { touched: number }>} */ (call("get_settings", { connection, query: { level } })), isOfAccount ? directory(connection) : null]);
  const [found, known] = await filled(body, load, () => open(body, visit, level, saved));
  if (isOld()) return;
  const { settings, sources } = found;
  const own = (/** @type {string[]} */ names, /** @type {Part} */ part) => inherited(part, names.map((name) => sources[name]).find(Boolean) ?? null, level);
  const texts = ["company", "language", "template"], whose = ["reckoned_by"];
  const parts = [own(texts, words(settings, connection)), own(whose, sums(settings, visit))];
  const shown = [...texts, ...whose];
  if (known?.missing) parts.push(unknown(known.missing));
  else if (known) {
    parts.push(submissions(settings.submissions, known, found.account_country ?? ""));
    shown.push("submissions");
  }
  const error = failure();
  const conflict = element("div", {});
  const done = element("span", { className: "good", text: saved });
  done.setAttribute("role", "status");
  const save = element("button", { text: t("save") });
  const read = () => Object.assign({}, ...parts.map((part) => part.read()));
  const send = saver({ connection, level, shown, read, again: (text = "") => open(body, visit, level, text), conflict, error });
  body.replaceChildren(guarded(element("form", { onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void busy(save, () => send(found), error);
  } }, ...(isOfAccount ? [] : [element("p", { className: "soft", text: `${t("calculators.touches", bounded(found.touched))} ${t("settings.of_account")}` })]),
    ...parts.map((part) => part.view), conflict, error, element("div", { className: "sticky" }, save, done))));
}

// A part that is the level's own, or inherited from the level above it. Whoever types makes it the level's own.
/** @param {Part} part @param {string | null} source @param {string} level @returns {Part} */
function inherited(part, source, level) {
  const { box, view } = check("settings.own_here", source === level);
  const from = element("p", { className: "soft" });
  const told_ = () => { from.textContent = box.checked ? "" : t(`settings.from_${source === level ? "above" : source ?? "default"}`); };
  part.view.addEventListener("input", ({ target }) => {
    if (target !== box) box.checked = true;
    told_();
  });
  part.view.querySelector("h2")?.after(view, from);
  told_();
  return { view: part.view, read: () => (box.checked ? part.read() : {}) };
}

// What the account has.
/** @param {Connection} connection @returns {Promise<Known & { missing: string }>} */
const directory = (connection) => ofAccount(connection, { pipelines: [], users: [], fields: { leads: [], contacts: [] } }, async () => {
  const ask = (/** @type {string} */ action, /** @type {Record<string, string>} */ query = {}) => call(action, { connection, query });
  const [{ pipelines }, { users }, leads, contacts] = await Promise.all([
    ask("get_pipelines"), ask("get_users"), ask("get_custom_fields", { entity: "leads" }), ask("get_custom_fields", { entity: "contacts" })]);
  return { pipelines, users, fields: { leads: leads.fields, contacts: contacts.fields } };
});

const labelled = (/** @type {string} */ key, /** @type {HTMLElement} */ control) => element("label", {}, t(key), control);
/** @param {string | null} value @param {Partial<Omit<HTMLInputElement, "dataset" | "style" | "list" | "form">>} properties */
const input = (value, properties = {}) => element("input", { value: value ?? "", placeholder: " ", ...properties });

/** @param {string} key @param {boolean} isOn */
function check(key, isOn) {
  const box = element("input", { type: "checkbox", checked: isOn });
  return { box, view: element("label", { className: "check" }, box, t(key)) };
}

// --- company, note, quotation ----------------------------------------------------------------------------------

/** @param {Record<string, any>} settings @param {Connection} connection @returns {Part} */
function words(settings, connection) {
  const { company, template } = settings;
  const name = input(company.name, { maxLength: 120 });
  const lines = element("textarea", { rows: 3, value: company.lines.join("\n"), placeholder: t("settings.lines_example") });
  const language = choice([["", t("settings.language_of_account")], ...Object.entries(LANGUAGES)], settings.language ?? "");
  const [heading, noteHeading, closing] = ["heading", "note_heading", "closing"].map((one) => input(template[one], { maxLength: one === "closing" ? 500 : 120 }));
  const file = element("input", { type: "file", accept: "image/png,image/svg+xml" });
  let logo = company.logo;
  const without = element("button", { text: t("settings.no_logo"), className: "quiet small", type: "button", hidden: !logo });
  const note = element("pre", {});
  const page = element("img", { alt: t("settings.page_alt") });
  const error = element("p", { className: "error" });
  const letters = element("p", { className: "note warning" });
  letters.setAttribute("role", "status");
  const read = () => ({
    company: { name: name.value, lines: lines.value.split("\n").map((one) => one.trim()).filter(Boolean), logo },
    language: language.value || null,
    template: { heading: heading.value || null, note_heading: noteHeading.value || null, closing: closing.value || null },
  });
  const begin = latest();
  const preview = () => told(async () => {
    const isOld = begin();
    const shown = await call("preview", { method: "POST", connection, body: read() });
    if (isOld()) return;
    note.textContent = shown.note;
    page.src = `data:image/png;base64,${shown.page}`;
    letters.textContent = shown.missing_letters ? t("settings.missing_letters", { letters: [...shown.missing_letters].join(" ") }) : "";
  }, error);
  const soon = afterTyping(() => { if (form.isConnected) void preview(); }, PREVIEW_MILLISECONDS);
  file.onchange = async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return; // somebody has closed the browser's window of files
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    logo = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    without.hidden = false;
    soon();
  };
  without.onclick = () => {
    logo = null;
    file.value = "";
    without.hidden = true;
    form.dispatchEvent(new Event("input", { bubbles: true })); // it is this level's own now, and not saved
  };
  const form = element("div", {}, labelled("settings.company", name), labelled("settings.lines", lines), labelled("settings.logo", file), without,
    labelled("settings.language", language), labelled("settings.heading", heading), labelled("settings.note_heading", noteHeading), labelled("settings.closing", closing));
  form.addEventListener("input", soon);
  const shown = element("div", {}, element("h3", { text: t("settings.preview") }), error, letters, element("div", { className: "preview" }, page, note));
  // A picture of a page is the heaviest part of this one: on a phone it is asked for when somebody comes to it.
  const seen = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    seen.disconnect();
    void preview();
  });
  seen.observe(shown);
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.words") }), element("div", { className: "pair wide" }, form, shown));
  return { view, read };
}

// --- whose sums --------------------------------------------------------------------------------------------------

/** @param {Record<string, any>} settings @param {Visit} visit @returns {Part} */
function sums(settings, visit) {
  const by = choice([["", t("settings.reckoned_usual")], ["server", t("settings.reckoned_server")], ["widget", t("settings.reckoned_widget")]], settings.reckoned_by ?? "");
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.sums") }), element("p", { className: "soft", text: t("settings.sums_hint") }), labelled("settings.reckoned_by", by),
    element("p", {}, element("a", { href: visit.to({ view: "calculator" }), text: t("settings.to_calculator") })));
  return { view, read: () => ({ reckoned_by: by.value || null }) };
}

// --- forms and orders ------------------------------------------------------------------------------------------

// They stay as they are.
/** @param {string} missing @returns {Part} */
function unknown(missing) {
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.submissions") }), missed(missing));
  return { view, read: () => ({}) };
}

/** @param {Record<string, any>} settings @param {Known} known @param {string} accountCountry @returns {Part} */
function submissions(settings, known, accountCountry) {
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.submissions") }));
  const country = input(settings.phone_country, { maxLength: 2, pattern: "[A-Za-z]{2}", size: 4, placeholder: accountCountry || " " });
  const users = choices(named(known.users), settings.responsible_user_ids);
  const readOnly = input(settings.read_only.join(", "));
  const switches = Object.fromEntries(["skip_empty", "create_fields", "routing_beats_order", "queue"].map((name) => [name, check(`settings.${name}`, settings[name])]));
  const places = { forms: destination(settings.forms, known, "settings.forms"), orders: destination(settings.orders, known, "settings.orders") };
  const mapping = rows(/** @type {Rule[]} */ (settings.mapping), (rule) => rule_row(rule, known), "settings.add_rule", { source: "", entity: "leads", field_id: null, field: null, type: "text", enum: null });
  const routes = rows(/** @type {Route[]} */ (settings.routes), (route) => route_row(route, known), "settings.add_route", { category: "", pipeline_id: null, status_id: null, responsible_user_id: null });
  view.append(places.forms.view, places.orders.view,
    element("h3", { text: t("settings.people") }), element("div", { className: "pair wide" }, labelled("settings.phone_country", country), labelled("settings.read_only", readOnly)),
    labelled("settings.users", users), element("p", { className: "soft", text: t("settings.users_hint") }),
    element("h3", { text: t("settings.mapping") }), element("p", { className: "soft", text: t("settings.mapping_hint") }), mapping.view,
    element("h3", { text: t("settings.routes") }), element("p", { className: "soft", text: t("settings.routes_hint") }), routes.view,
    ...Object.values(switches).map((one) => one.view));
  const read = () => ({
    submissions: {
      ...settings,
      forms: places.forms.read(),
      orders: places.orders.read(),
      phone_country: country.value.trim().toUpperCase(),
      responsible_user_ids: Array.from(users.selectedOptions, (one) => Number(one.value)),
      read_only: listed(readOnly.value),
      mapping: mapping.read(),
      routes: routes.read(),
      ...Object.fromEntries(Object.entries(switches).map(([name, { box }]) => [name, box.checked])),
    },
  });
  return { view, read };
}

const listed = (/** @type {string} */ text) => text.split(",").map((one) => one.trim()).filter(Boolean);
/** @param {{ id: number, name: string }[]} these @returns {Choice[]} */
const named = (these) => these.map((one) => [one.id, one.name]);
const id = (/** @type {HTMLSelectElement} */ control) => (control.value ? Number(control.value) : null);

// A pipeline and one of its statuses.
/** @param {Place} value @param {Known} known */
function place(value, known) {
  const pipeline = choice([[null, t("settings.main_pipeline")], ...named(known.pipelines)], value.pipeline_id);
  const status = element("select", {});
  const statuses = (/** @type {number | null} */ kept) => {
    const found = known.pipelines.find((one) => one.id === Number(pipeline.value))?.statuses ?? [];
    status.replaceChildren(...choice([[null, t("settings.first_status")], ...named(found.filter((one) => !one.is_unsorted))], kept).children);
    status.value = String(kept ?? "");
    status.disabled = !pipeline.value;
  };
  pipeline.onchange = () => statuses(null);
  statuses(value.status_id);
  return { pipeline, status, read: () => ({ pipeline_id: id(pipeline), status_id: id(status) }) };
}

/** @param {Destination} value @param {Known} known @param {string} title @returns {Part} */
function destination(value, known, title) {
  const mode = choice(["lead", "incoming_lead", "contact"].map((one) => /** @type {Choice} */ ([one, t(`settings.mode_${one}`)])), value.mode);
  const where = place(value, known);
  const required = input(value.required.join(", "), { placeholder: "name, phone|email" });
  const tags = input(value.tags.join(", "));
  const name = input(value.title, { placeholder: "{form}: {name}" });
  const view = element("fieldset", {}, element("legend", { text: t(title) }), element("div", { className: "grid" }, labelled("settings.mode", mode), labelled("settings.pipeline", where.pipeline), labelled("settings.status", where.status),
    labelled("settings.required", required), labelled("settings.tags", tags), labelled("settings.deal_title", name)));
  return { view, read: () => ({ mode: mode.value, ...where.read(), required: listed(required.value), tags: listed(tags.value), title: name.value || null }) };
}

// What a row cannot do without: it is not saved until it is named, or the row is taken out.
/** @param {string} value @param {string} placeholder */
function nameOf(value, placeholder = " ") {
  const control = input(value, { placeholder, maxLength: 120 });
  const look = () => control.setCustomValidity(control.value.trim() ? "" : t("settings.row_unnamed"));
  control.addEventListener("input", look);
  look();
  return control;
}

/** @template Value @param {Value[]} values @param {(value: Value) => { controls: HTMLElement[], read: () => Value }} make @param {string} addKey @param {Value} empty */
function rows(values, make, addKey, empty) {
  const list = element("div", {});
  /** @type {{ read: () => Value }[]} */
  let made = [];
  const add = (/** @type {Value} */ value) => {
    const row = make(value);
    const remove = element("button", { text: "×", className: "quiet small", type: "button", title: t("remove") });
    remove.setAttribute("aria-label", t("remove"));
    const line = element("div", { className: "grid" }, ...row.controls, remove);
    remove.onclick = () => {
      made = made.filter((one) => one !== row);
      line.remove();
      list.dispatchEvent(new Event("change", { bubbles: true })); // it is not saved
    };
    made.push(row);
    list.append(line);
  };
  values.forEach(add);
  const button = element("button", { text: t(addKey), className: "quiet small", type: "button", onclick: () => add({ ...empty }) });
  return { view: element("div", {}, list, button), read: () => made.map((one) => one.read()) };
}

const TYPES = ["text", "textarea", "numeric", "checkbox", "date", "url", "select", "multiselect"];

/** @param {Rule} rule @param {Known} known */
function rule_row(rule, known) {
  const source = nameOf(rule.source, "city");
  const entity = choice([["leads", t("settings.deal")], ["contacts", t("settings.contact")]], rule.entity);
  const field = element("select", {});
  const fresh = input(rule.field ?? "", { placeholder: t("settings.new_field") });
  const kind = choice(TYPES.map((one) => /** @type {Choice} */ ([one, t(`settings.type_${one}`)])), rule.type);
  const enums = input(rule.enum, { placeholder: "WORK" });
  const fields = (/** @type {number | null} */ kept) => {
    const there = named(known.fields[entity.value]);
    field.replaceChildren(...choice([[null, t("settings.by_name")], ...there], kept).children);
    field.value = String(kept ?? "");
    fresh.disabled = kind.disabled = Boolean(field.value);
  };
  const meant = known.fields[rule.entity].find((one) => rule.field && (one.code === rule.field || one.name === rule.field));
  field.onchange = () => { fresh.disabled = kind.disabled = Boolean(field.value); };
  entity.onchange = () => fields(null);
  fields(rule.field_id ?? meant?.id ?? null);
  const controls = [labelled("settings.source", source), labelled("settings.entity", entity), labelled("settings.field", field), labelled("settings.field_name", fresh), labelled("settings.type", kind), labelled("settings.enum", enums)];
  const read = () => ({
    ...rule, source: source.value.trim(), entity: entity.value, field_id: id(field), field: field.value ? null : fresh.value.trim() || null, type: kind.value, enum: enums.value.trim() || null,
  });
  return { controls, read };
}

/** @param {Route} route @param {Known} known */
function route_row(route, known) {
  const category = nameOf(route.category);
  const where = place(route, known);
  const user = choice([[null, t("settings.default_user")], ...named(known.users)], route.responsible_user_id);
  return {
    controls: [labelled("settings.category", category), labelled("settings.pipeline", where.pipeline), labelled("settings.status", where.status), labelled("settings.user", user)],
    read: () => ({ category: category.value.trim(), ...where.read(), responsible_user_id: id(user) }),
  };
}
