// Settings of one connection: what notes and quotations say, the calculator's prices, and where forms and orders go.

import { element } from "../ui/dom.js";
import { inLanguage, t } from "../ui/i18n.js";
import { busy, call, pickConnection, told } from "./panel.js";

const PREVIEW_MILLISECONDS = 600;

export async function show(place) {
  const body = element("div", {});
  const pick = await pickConnection(place, (connection) => open(body, connection));
  place.prepend(element("h1", { text: t("tab.settings") }), pick);
  place.append(body);
}

async function open(body, connection) {
  if (!connection) return;
  body.replaceChildren(element("progress", {}));
  const [{ settings }, known, usual] = await Promise.all([call("get_settings", { connection }), directory(connection), usualCalculator(connection)]);
  const parts = [words(settings, connection), calculator(settings, usual), submissions(settings.submissions, known)];
  const error = element("p", { className: "error" });
  error.setAttribute("role", "alert");
  const done = element("span", { className: "good" });
  done.setAttribute("role", "status");
  const save = element("button", { text: t("save") });
  save.onclick = () => busy(save, async () => {
    done.textContent = "";
    const document = Object.assign({}, ...parts.map((part) => part.read()));
    await call("save_settings", { method: "POST", connection, body: document });
    done.textContent = t("settings.saved");
  }, error);
  body.replaceChildren(...parts.map((part) => part.view), error, element("div", { className: "sticky" }, save, done));
}

// What the account has; without a connection to it there is nothing to choose from.
async function directory(connection) {
  if (connection.status !== "connected") return { reason: t("settings.not_connected") };
  try {
    const ask = (action, query) => call(action, { connection, query });
    const [{ pipelines }, { users }, leads, contacts] = await Promise.all([
      ask("get_pipelines"), ask("get_users"), ask("get_custom_fields", { entity: "leads" }), ask("get_custom_fields", { entity: "contacts" })]);
    return { pipelines, users, fields: { leads: leads.fields, contacts: contacts.fields } };
  } catch (error) {
    return { reason: error.message };
  }
}

async function usualCalculator(connection) {
  try {
    return (await call("get_calculator", { connection })).calculator;
  } catch {
    return null;
  }
}

const labelled = (key, control) => element("label", {}, t(key), control);
const input = (value, properties = {}) => element("input", { value: value ?? "", placeholder: " ", ...properties });

function check(key, isOn) {
  const box = element("input", { type: "checkbox", checked: isOn });
  return { box, view: element("label", { className: "check" }, box, t(key)) };
}

function select(choices, value) {
  const made = element("select", {}, ...choices.map(([key, text]) => new Option(text, key ?? "")));
  made.value = value ?? "";
  if (made.selectedIndex < 0) {
    made.append(new Option(t("settings.gone", { id: value }), value, true, true)); // what is set, and is not there any more
  }
  return made;
}

// --- company, note, quotation ----------------------------------------------------------------------------------

function words(settings, connection) {
  const { company, template } = settings;
  const name = input(company.name, { maxLength: 120 });
  const lines = element("textarea", { rows: 3, value: company.lines.join("\n"), placeholder: t("settings.lines_example") });
  const language = select([["ru", "Русский"], ["en", "English"]], settings.language);
  const [heading, noteHeading, closing] = ["heading", "note_heading", "closing"].map((one) => input(template[one], { maxLength: one === "closing" ? 500 : 120 }));
  const file = element("input", { type: "file", accept: "image/png,image/svg+xml" });
  let logo = company.logo;
  const without = element("button", { text: t("settings.no_logo"), className: "quiet small", type: "button", hidden: !logo });
  const note = element("pre", {});
  const page = element("img", { alt: t("settings.page_alt") });
  const error = element("p", { className: "error" });
  const read = () => ({
    company: { name: name.value, lines: lines.value.split("\n").map((one) => one.trim()).filter(Boolean), logo },
    language: language.value,
    template: { heading: heading.value || null, note_heading: noteHeading.value || null, closing: closing.value || null },
  });
  const preview = () => told(async () => {
    const shown = await call("preview", { method: "POST", connection, body: read() });
    note.textContent = shown.note;
    page.src = `data:image/png;base64,${shown.page}`;
  }, error);
  let waiting = null;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(preview, PREVIEW_MILLISECONDS);
  };
  file.onchange = async () => {
    const bytes = new Uint8Array(await file.files[0].arrayBuffer());
    logo = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    without.hidden = false;
    soon();
  };
  without.onclick = () => {
    logo = null;
    file.value = "";
    without.hidden = true;
    soon();
  };
  const form = element("div", {}, labelled("settings.company", name), labelled("settings.lines", lines), labelled("settings.logo", file), without,
    labelled("settings.language", language), labelled("settings.heading", heading), labelled("settings.note_heading", noteHeading), labelled("settings.closing", closing));
  form.addEventListener("input", soon);
  void preview();
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.words") }), element("div", { className: "pair wide" }, form,
    element("div", {}, element("h3", { text: t("settings.preview") }), error, element("div", { className: "preview" }, page, note))));
  return { view, read };
}

// --- the calculator --------------------------------------------------------------------------------------------

function calculator(settings, usual) {
  const shown = structuredClone(settings.calculator ?? usual);
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.calculator") }));
  if (!shown) {
    view.append(element("p", { className: "soft", text: t("settings.no_calculator") }));
    return { view, read: () => ({ calculator: settings.calculator }) };
  }
  let isOwn = settings.calculator !== null;
  const prices = [];
  const price = (owner, title) => {
    const field = input(owner.price ?? "0", { type: "number", min: 0, step: "0.01" });
    field.oninput = () => {
      owner.price = field.value || "0";
      isOwn = true;
      source.value = JSON.stringify(shown, null, 2);
    };
    prices.push(field);
    return element("label", {}, title, field);
  };
  const source = element("textarea", { rows: 16, spellcheck: false });
  const groups = shown.fields.filter(({ options }) => options?.length).map((field) => element("fieldset", {}, element("legend", { text: inLanguage(field.label) }),
    element("div", { className: "grid" }, ...field.options.map((one) => price(one, `${inLanguage(one.label)}${one.unit ? `, ${one.unit}` : ""}`)))));
  const own = shown.items.filter((item) => item.price !== undefined).map((item) => price(item, inLanguage(item.name)));
  source.value = JSON.stringify(shown, null, 2);
  let typed = false;
  source.oninput = () => { typed = true; isOwn = true; };
  const reset = element("button", { text: t("settings.reset_calculator"), className: "quiet small", type: "button" });
  reset.onclick = () => {
    if (!confirm(t("settings.reset_sure"))) return;
    isOwn = false;
    for (const field of [...prices, source]) field.disabled = true;
    reset.textContent = t("settings.will_reset");
  };
  view.append(element("p", { className: "soft", text: t("settings.prices", { currency: shown.currency }) }), ...groups,
    ...(own.length ? [element("fieldset", {}, element("legend", { text: t("settings.services") }), element("div", { className: "grid" }, ...own))] : []), reset,
    element("details", {}, element("summary", { text: t("settings.definition") }), element("p", { className: "soft", text: t("settings.definition_hint") }), labelled("settings.definition", source)));
  const read = () => {
    if (!isOwn) return { calculator: null };
    if (!typed) return { calculator: shown };
    try {
      return { calculator: JSON.parse(source.value) };
    } catch (error) {
      throw new Error(`${t("settings.definition")}: ${error.message}`);
    }
  };
  return { view, read };
}

// --- forms and orders ------------------------------------------------------------------------------------------

function submissions(settings, known) {
  const view = element("section", { className: "card" }, element("h2", { text: t("settings.submissions") }));
  if (known.reason) {
    view.append(element("p", { className: "warning", text: t("settings.no_account", { reason: known.reason }) }));
    return { view, read: () => ({ submissions: settings }) };
  }
  const country = input(settings.phone_country, { maxLength: 2, pattern: "[A-Z]{2}", size: 4 });
  const users = element("select", { multiple: true, size: Math.min(6, known.users.length) }, ...known.users.map(({ id, name }) => new Option(name, id, false, settings.responsible_user_ids.includes(id))));
  const readOnly = input(settings.read_only.join(", "));
  const switches = Object.fromEntries(["skip_empty", "create_fields", "routing_beats_order", "queue"].map((name) => [name, check(`settings.${name}`, settings[name])]));
  const places = { forms: destination(settings.forms, known, "settings.forms"), orders: destination(settings.orders, known, "settings.orders") };
  const mapping = rows(settings.mapping, (rule) => rule_row(rule, known), "settings.add_rule", { source: "", entity: "leads", field_id: null, field: null, type: "text", enum: null });
  const routes = rows(settings.routes, (route) => route_row(route, known), "settings.add_route", { category: "", pipeline_id: null, status_id: null, responsible_user_id: null });
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
      mapping: mapping.read().filter(({ source }) => source),
      routes: routes.read().filter(({ category }) => category),
      ...Object.fromEntries(Object.entries(switches).map(([name, { box }]) => [name, box.checked])),
    },
  });
  return { view, read };
}

const listed = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);
const id = (control) => (control.value ? Number(control.value) : null);

// A pipeline and one of its statuses.
function place(value, known) {
  const pipeline = select([[null, t("settings.main_pipeline")], ...known.pipelines.map((one) => [one.id, one.name])], value.pipeline_id);
  const status = element("select", {});
  const statuses = (kept) => {
    const found = known.pipelines.find((one) => one.id === Number(pipeline.value))?.statuses ?? [];
    status.replaceChildren(...select([[null, t("settings.first_status")], ...found.filter((one) => !one.is_unsorted).map((one) => [one.id, one.name])], kept).children);
    status.value = kept ?? "";
    status.disabled = !pipeline.value;
  };
  pipeline.onchange = () => statuses(null);
  statuses(value.status_id);
  return { pipeline, status, read: () => ({ pipeline_id: id(pipeline), status_id: id(status) }) };
}

function destination(value, known, title) {
  const mode = select(["lead", "incoming_lead", "contact"].map((one) => [one, t(`settings.mode_${one}`)]), value.mode);
  const where = place(value, known);
  const required = input(value.required.join(", "), { placeholder: "name, phone|email" });
  const tags = input(value.tags.join(", "));
  const name = input(value.title, { placeholder: "{form}: {name}" });
  const view = element("fieldset", {}, element("legend", { text: t(title) }), element("div", { className: "grid" }, labelled("settings.mode", mode), labelled("settings.pipeline", where.pipeline), labelled("settings.status", where.status),
    labelled("settings.required", required), labelled("settings.tags", tags), labelled("settings.deal_title", name)));
  return { view, read: () => ({ mode: mode.value, ...where.read(), required: listed(required.value), tags: listed(tags.value), title: name.value || null }) };
}

function rows(values, make, addKey, empty) {
  const list = element("div", {});
  let made = [];
  const add = (value) => {
    const row = make(value);
    const remove = element("button", { text: "×", className: "quiet small", type: "button", title: t("remove") });
    remove.setAttribute("aria-label", t("remove"));
    const line = element("div", { className: "grid" }, ...row.controls, remove);
    remove.onclick = () => {
      made = made.filter((one) => one !== row);
      line.remove();
    };
    made.push(row);
    list.append(line);
  };
  values.forEach(add);
  const button = element("button", { text: t(addKey), className: "quiet small", type: "button", onclick: () => add({ ...empty }) });
  return { view: element("div", {}, list, button), read: () => made.map((one) => one.read()) };
}

const TYPES = ["text", "textarea", "numeric", "checkbox", "date", "url", "select", "multiselect"];

function rule_row(rule, known) {
  const source = input(rule.source, { placeholder: "city" });
  const entity = select([["leads", t("settings.deal")], ["contacts", t("settings.contact")]], rule.entity);
  const field = element("select", {});
  const fresh = input(rule.field ?? "", { placeholder: t("settings.new_field") });
  const kind = select(TYPES.map((one) => [one, t(`settings.type_${one}`)]), rule.type);
  const enums = input(rule.enum, { placeholder: "WORK" });
  const fields = (kept) => {
    const choices = known.fields[entity.value].map((one) => [one.id, one.name]);
    field.replaceChildren(...select([[null, t("settings.by_name")], ...choices], kept).children);
    field.value = kept ?? "";
    fresh.disabled = kind.disabled = Boolean(field.value);
  };
  const named = known.fields[rule.entity].find((one) => rule.field && (one.code === rule.field || one.name === rule.field));
  field.onchange = () => { fresh.disabled = kind.disabled = Boolean(field.value); };
  entity.onchange = () => fields(null);
  fields(rule.field_id ?? named?.id ?? null);
  const controls = [labelled("settings.source", source), labelled("settings.entity", entity), labelled("settings.field", field), labelled("settings.field_name", fresh), labelled("settings.type", kind), labelled("settings.enum", enums)];
  const read = () => ({
    ...rule, source: source.value.trim(), entity: entity.value, field_id: id(field), field: field.value ? null : fresh.value.trim() || null, type: kind.value, enum: enums.value.trim() || null,
  });
  return { controls, read };
}

function route_row(route, known) {
  const category = input(route.category);
  const where = place(route, known);
  const user = select([[null, t("settings.default_user")], ...known.users.map((one) => [one.id, one.name])], route.responsible_user_id);
  return {
    controls: [labelled("settings.category", category), labelled("settings.pipeline", where.pipeline), labelled("settings.status", where.status), labelled("settings.user", user)],
    read: () => ({ category: category.value.trim(), ...where.read(), responsible_user_id: id(user) }),
  };
}
