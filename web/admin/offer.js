// What a company offers: services, doctors and rooms, hours, days off, places, and the rules of booking. No JSON.

import { newKey } from "../ui/api.js";
import { element } from "../ui/dom.js";
import { dayAs, t } from "../ui/i18n.js";
import { choice } from "./choice.js";
import { moduleOf } from "./modules.js";
import { busy, button, copyButton, failure, missed } from "./pieces.js";
import { call } from "./session.js";
import { saver } from "./saving.js";
import { taken } from "./taken.js";
import { guarded } from "./unsaved.js";

/** @typedef {import("../../types/amocrm.js").Pipeline} Pipeline */
/** @typedef {import("../../types/amocrm.js").User} User */
/** @typedef {import("../../types/bookings.js").Bookings} Settings */
/** @typedef {import("../../types/bookings.js").DaysOff} DaysOff */
/** @typedef {import("../../types/bookings.js").Resource} Resource */
/** @typedef {import("../../types/bookings.js").Service} Service */
/** @typedef {import("../../types/bookings.js").Week} Week */
/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {import("./saving.js").Found} Found */
/** @typedef {{ pipelines: Pipeline[], users: User[], own: string | null, missing: string }} Known What the account has, or why that is not known; `own` is its currency, where somebody can say it */
/** @typedef {(saved?: string) => unknown} Again */
/** @template Value @typedef {{ view: HTMLElement, read: () => Value }} Part */

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const weekday = (/** @type {number} */ index) => dayAs(`2024-01-0${index + 1}`, { weekday: "long" }); // a Monday is the first

const labelled = (/** @type {string} */ text, /** @type {HTMLElement} */ control) => element("label", {}, text, control);
/** @param {string | number | null} value @param {Partial<Omit<HTMLInputElement, "dataset" | "style" | "list" | "form">>} more */
const input = (value, more = {}) => element("input", { value: String(value ?? ""), placeholder: " ", ...more });
/** @param {number} value @param {number} min @param {number} max */
const number = (value, min, max) => input(value, { type: "number", min: String(min), max: String(max), required: true });
/** @param {{ id: string | number, name: string }[]} these @returns {import("./choice.js").Choice[]} */
const named = (these) => these.map((one) => [one.id, one.name]);
const newId = () => `n${newKey().slice(0, 8)}`;

/** @param {string} key @param {boolean} isOn */
function check(key, isOn) {
  const box = element("input", { type: "checkbox", checked: isOn });
  return { box, view: element("label", { className: "check" }, box, t(key)) };
}

// While nothing is offered, the zone of whoever sets it up stands for the one that no company has chosen.
const UNCHOSEN = "Europe/Moscow";
/** @param {Settings} settings */
const zoneOf = ({ services, time_zone: zone }) => (services.length || zone !== UNCHOSEN ? zone : Intl.DateTimeFormat().resolvedOptions().timeZone || zone);

// An example to begin with, in the reader's words; nothing is saved by it.
/** @type {(settings: Settings, own: string | null) => Settings} */
const example = (settings, own) => ({
  ...settings,
  is_on: true,
  time_zone: zoneOf(settings),
  currency: own ?? settings.currency,
  resources: [1, 2].map((number) => ({ id: `doctor-${number}`, name: t(`bookings.example_doctor_${number}`), is_room: false, user_id: null, place: null, hours: null, days_off: [], special_days: [], is_on: true })),
  services: [{ id: "consultation", minutes: 30, price: "2500" }, { id: "treatment", minutes: 60, price: "3200" }].map(({ id, minutes, price }) => ({ id, name: t(`bookings.example_${id}`), minutes, buffer_minutes: 0, price, sku: null, resources: [], rooms: [], is_public: true })),
});

/** @param {Connection} connection @param {Found} found @param {Known} known @param {Again} again @param {string} saved */
export function form(connection, found, known, again, saved) {
  const place = element("div", {});
  const show = (/** @type {Settings} */ settings) => place.replaceChildren(formOf(connection, found, settings, known, again, saved, show));
  show(found.settings.bookings);
  return place;
}

/**
 * @param {Connection} connection @param {Found} found @param {Settings} settings @param {Known} known @param {Again} again
 * @param {string} saved @param {(settings: Settings) => void} show
 */
function formOf(connection, found, settings, { pipelines, users, own, missing }, again, saved, show) {
  const on = check("bookings.is_on", settings.is_on);
  const chosen = zoneOf(settings);
  const zone = element("select", {}, ...[...new Set([chosen, ...Intl.supportedValuesOf("timeZone")])].map((one) => new Option(one, one, false, one === chosen)));
  const hours = week(settings.hours);
  const off = daysOff(connection, settings.days_off);
  const places = list("place", settings.places, () => ({ id: newId(), name: "", address: "" }), place);
  const resources = list("resource", settings.resources, () => ({ id: newId(), name: "", is_room: false, user_id: null, place: null, hours: null, days_off: [], special_days: [], is_on: true }),
    (one) => resource(connection, one, users, settings));
  const services = list("service", settings.services, () => ({ id: newId(), name: "", minutes: 30, buffer_minutes: 0, price: null, sku: null, resources: [], rooms: [], is_public: true }), (one) => service(one, () => resources.read()));
  const rules = rulesOf(settings, pipelines, own);
  const error = failure(), conflict = element("div", {});
  const done = element("span", { className: "good", text: saved });
  done.setAttribute("role", "status");
  const read = () => ({ bookings: { ...settings, is_on: on.box.checked, time_zone: zone.value, hours: hours.read(), days_off: off.read(), places: places.read(), resources: resources.read(), services: services.read(), ...rules.read() } });
  const send = saver({ connection, shown: ["bookings"], read, again, conflict, error });
  const card = (/** @type {string} */ key, /** @type {HTMLElement[]} */ ...inner) => element("details", { className: "card", open: !found.settings.bookings.services.length && ["services", "resources"].includes(key) }, element("summary", { text: t(`bookings.${key}`) }), ...inner);
  return guarded(element("form", { className: "builder", onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void busy(event.submitter, () => send(found), error);
  } }, element("section", { className: "card" }, element("h2", { text: t("bookings.settings") }), missed(missing), settings.services.length ? null : button("bookings.example", () => show(example(settings, own))), on.view, labelled(t("bookings.time_zone"), zone), rules.warning),
  card("resources", resources.view), card("services", services.view), card("hours", element("p", { className: "soft", text: t("bookings.hours_hint") }), hours.view), card("days_off", off.view), card("places", places.view), card("rules", rules.view),
  conflict, error, element("div", { className: "sticky" }, element("button", { text: t("save") }), done)));
}

// Things of one kind, each with its own fields, added and removed.
/** @template {{ name: string }} One @param {string} kind @param {One[]} given @param {() => One} fresh @param {(one: One) => Part<One>} make @returns {Part<One[]>} */
function list(kind, given, fresh, make) {
  const place = element("div", {});
  /** @type {{ made: Part<One>, view: HTMLElement }[]} */
  const entries = [];
  const add = (/** @type {One} */ one, isNew = false) => {
    const made = make(one);
    /** @type {{ made: Part<One>, view: HTMLElement }} */
    const entry = { made, view: element("fieldset", {}, element("legend", { className: "soft", text: one.name || t(`bookings.new_${kind}`) }), made.view, button("bookings.remove", () => taken(entries, entry))) };
    entries.push(entry);
    place.append(entry.view);
    if (isNew) entry.view.querySelector("input")?.focus();
  };
  for (const one of given) add(one);
  return { view: element("div", {}, place, button(`bookings.add_${kind}`, () => add(fresh(), true))), read: () => entries.map(({ made }) => made.read()) };
}

/** @param {import("../../types/bookings.js").Place} one @returns {Part<import("../../types/bookings.js").Place>} */
function place(one) {
  const name = input(one.name, { required: true, maxLength: 120 }), address = input(one.address, { maxLength: 250 });
  return { view: element("div", { className: "grid" }, labelled(t("bookings.name"), name), labelled(t("bookings.address"), address)), read: () => ({ ...one, name: name.value.trim(), address: address.value.trim() }) };
}

/** @param {Connection} connection @param {Resource} one @param {User[]} users @param {Settings} settings @returns {Part<Resource>} */
function resource(connection, one, users, settings) {
  const name = input(one.name, { required: true, maxLength: 120 });
  const kind = element("select", {}, new Option(t("bookings.doctor"), ""), new Option(t("bookings.room"), "room", false, one.is_room));
  const user = choice([[null, t("automations.of_the_deal")], ...named(users)], one.user_id);
  const where = choice([[null, "—"], ...named(settings.places)], one.place);
  const on = check("bookings.takes_visits", one.is_on);
  const own = check("bookings.own_hours", one.hours !== null);
  const hours = week(one.hours ?? settings.hours);
  const off = daysOff(connection, one.days_off);
  own.box.onchange = () => hours.show(own.box.checked);
  hours.show(own.box.checked);
  const address = element("p", { className: "key", hidden: true }), error = failure();
  const isKnown = settings.resources.some((each) => each.id === one.id);
  const feed = button("bookings.calendar", (pressed) => busy(pressed, async () => {
    if (!confirm(t("bookings.calendar_sure"))) return;
    const { url } = await call("open_calendar", { method: "POST", connection, body: { resource: one.id } });
    address.replaceChildren(element("code", { text: url }), copyButton(url));
    address.hidden = false;
  }, error));
  return {
    view: element("div", {}, element("div", { className: "grid" }, labelled(t("bookings.name"), name), labelled(t("bookings.kind"), kind), labelled(t("bookings.tasks_for"), user), labelled(t("booking.place"), where)), on.view, own.view, hours.view,
      element("details", {}, element("summary", { text: t("bookings.own_days_off", { count: one.days_off.length }) }), off.view), isKnown ? element("div", {}, feed, address, error) : null, isKnown ? subscription(connection, one.id) : null),
    read: () => ({ ...one, name: name.value.trim(), is_room: kind.value === "room", user_id: Number(user.value) || null, place: where.value || null, hours: own.box.checked ? hours.read() : null, days_off: off.read(), is_on: on.box.checked }),
  };
}

// Loaded when it is opened.
/** @param {Connection} connection @param {string} id */
function subscription(connection, id) {
  const place = element("div", {}), error = failure();
  const open = async () => {
    const { view } = await moduleOf("subscription");
    place.replaceChildren(await view(connection, id));
  };
  const made = element("details", { ontoggle: () => {
    if (made.open && !place.firstChild) void busy(null, open, error);
  } }, element("summary", { text: t("bookings.subscription") }), place, error);
  return made;
}

/** @param {Service} one @param {() => Resource[]} resources @returns {Part<Service>} */
function service(one, resources) {
  const name = input(one.name, { required: true, maxLength: 120 });
  const minutes = number(one.minutes, 5, 1440), buffer = number(one.buffer_minutes, 0, 240);
  const price = input(one.price, { inputMode: "decimal", pattern: "[0-9]+([.,][0-9]{1,2})?" }), sku = input(one.sku, { maxLength: 250 });
  const isPublic = check("bookings.is_public", one.is_public);
  const people = element("div", {}), rooms = element("div", {});
  // Whoever is gone stays ticked, and is said to be: nobody ticked would mean everybody, and no room needed.
  const boxes = (/** @type {HTMLElement} */ place, /** @type {boolean} */ isRoom, /** @type {string[]} */ chosen) => {
    const able = resources().filter((each) => each.is_room === isRoom);
    const gone = chosen.filter((id) => !able.some((each) => each.id === id)).map((id) => ({ id, name: t("settings.gone", { id }) }));
    place.replaceChildren(...[...able, ...gone].map((each) => element("label", { className: "check" }, element("input", { type: "checkbox", value: each.id, checked: chosen.includes(each.id) }), each.name)));
  };
  const ticked = (/** @type {HTMLElement} */ place) => Array.from(/** @type {NodeListOf<HTMLInputElement>} */ (place.querySelectorAll("input:checked")), (box) => box.value);
  const who = element("details", { ontoggle: () => {
    boxes(people, false, people.firstChild ? ticked(people) : one.resources);
    boxes(rooms, true, rooms.firstChild ? ticked(rooms) : one.rooms);
  } }, element("summary", { text: t("bookings.who") }), element("p", { className: "soft", text: t("bookings.who_hint") }), people, element("p", { className: "soft", text: t("bookings.rooms_hint") }), rooms);
  return {
    view: element("div", {}, element("div", { className: "grid" }, labelled(t("bookings.name"), name), labelled(t("bookings.minutes"), minutes), labelled(t("bookings.buffer"), buffer), labelled(t("booking.price"), price), labelled(t("bookings.sku"), sku)), isPublic.view, who),
    read: () => ({ ...one, name: name.value.trim(), minutes: Number(minutes.value), buffer_minutes: Number(buffer.value), price: price.value.trim().replace(",", ".") || null, sku: sku.value.trim() || null, is_public: isPublic.box.checked,
      resources: people.firstChild ? ticked(people) : one.resources, rooms: rooms.firstChild ? ticked(rooms) : one.rooms }),
  };
}

// --- hours -------------------------------------------------------------------------------------------------------

// "9-13, 14:00–18:30" as people write it, as ["09:00-13:00", "14:00-18:30"]; null for what cannot be read.
/** @param {string} text */
export function spansOf(text) {
  const spans = text.split(/[,;]/).map((one) => one.trim()).filter(Boolean);
  const read = spans.flatMap((one) => {
    const found = /^(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?$/.exec(one);
    if (!found) return [];
    const [, from, fromMinute = "00", to, toMinute = "00"] = found;
    const isRight = Number(from) < 24 && Number(fromMinute) < 60 && (Number(to) < 24 || (Number(to) === 24 && toMinute === "00")) && Number(toMinute) < 60;
    return isRight ? `${from.padStart(2, "0")}:${fromMinute}-${to.padStart(2, "0")}:${toMinute}` : [];
  });
  return read.length < spans.length ? null : read;
}

/** @param {Week} given @returns {Part<Week> & { show: (isShown: boolean) => void }} */
function week(given) {
  const fields = WEEKDAYS.map((name) => {
    const field = input((given[name] ?? []).join(", "), { placeholder: t("bookings.closed") });
    field.oninput = () => field.setCustomValidity(spansOf(field.value) === null ? t("bookings.hours_wrong") : "");
    return field;
  });
  const view = element("div", { className: "grid" }, ...fields.map((field, index) => labelled(weekday(index), field)));
  // What is not shown is in nobody's way.
  const show = (/** @type {boolean} */ isShown) => {
    view.hidden = !isShown;
    for (const field of fields) field.disabled = !isShown;
  };
  return { view, show, read: () => Object.fromEntries(WEEKDAYS.map((name, index) => [name, spansOf(fields[index].value) ?? []])) };
}

// --- days off ----------------------------------------------------------------------------------------------------

/** A file as its program wrote it: UTF-16 where it says so, UTF-8 by the standard, Windows' Cyrillic where it is not.
 * @param {ArrayBuffer} bytes */
function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1251").decode(bytes);
  }
}

/** @param {Connection} connection @param {DaysOff[]} given @returns {Part<DaysOff[]>} */
function daysOff(connection, given) {
  const place = element("div", {}), error = failure();
  /** @type {Part<DaysOff>[]} */
  const entries = [];
  const add = (/** @type {DaysOff} */ { first, last, note }) => {
    const from = element("input", { type: "date", value: first, required: true }), to = element("input", { type: "date", value: last, required: true }), why = input(note, { maxLength: 120 });
    from.onchange = () => { if (!to.value || to.value < from.value) to.value = from.value; };
    /** @type {Part<DaysOff>} */
    const entry = { read: () => ({ first: from.value, last: to.value, note: why.value.trim() }), view: element("div", { className: "grid" }, labelled(t("bookings.first_day"), from), labelled(t("bookings.last_day"), to), labelled(t("bookings.note"), why), button("bookings.remove", () => taken(entries, entry))) };
    entries.push(entry);
    place.append(entry.view);
  };
  for (const one of given) add(one);
  const file = element("input", { type: "file", accept: ".ics,text/calendar" }), told = element("ul", { className: "soft" });
  file.onchange = () => busy(null, async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    const { days_off: found, left_out: leftOut } = await call("read_days_off", { method: "POST", connection, body: { calendar: decoded(await chosen.arrayBuffer()) } });
    const known = new Set(entries.map((entry) => JSON.stringify([entry.read().first, entry.read().last])));
    for (const one of found) if (!known.has(JSON.stringify([one.first, one.last]))) add(one);
    told.replaceChildren(...leftOut.map((/** @type {{ reason: string, count: number, lines: number[] }} */ one) => element("li", { text: t("bookings.left_out", { reason: one.reason, count: one.count, lines: one.lines.join(", ") }) })));
    file.value = "";
  }, error);
  return { view: element("div", {}, place, element("div", { className: "toolbar" }, button("bookings.add_days_off", () => add({ first: "", last: "", note: "" })), labelled(t("bookings.from_calendar"), file)), told, error), read: () => entries.map((entry) => entry.read()) };
}

// --- rules -------------------------------------------------------------------------------------------------------

/** @param {Settings} settings @param {Pipeline[]} pipelines @param {string | null} own */
function rulesOf(settings, pipelines, own) {
  /** @type {[keyof import("../../types/bookings.js").Numbers, number, number][]} */
  const numbers = [["step_minutes", 5, 240], ["ahead_days", 1, 365], ["notice_minutes", 0, 43_200], ["hold_minutes", 1, 60], ["most_per_phone", 1, 50]];
  const inputs = Object.fromEntries(numbers.map(([name, min, max]) => [name, number(settings[name], min, max)]));
  const currency = input(settings.services.length ? settings.currency : own ?? settings.currency, { pattern: "[A-Z]{3}", required: true, maxLength: 3 });
  const otherCurrency = element("p", { className: "warning" });
  otherCurrency.setAttribute("role", "status");
  const compared = () => {
    const isOther = own && currency.value !== own;
    otherCurrency.hidden = !isOther;
    otherCurrency.textContent = isOther ? t("bookings.other_currency", { currency: currency.value, own }) : "";
  };
  currency.oninput = compared;
  compared();
  const goods = check("bookings.goods", settings.goods);
  /** @type {[string, string][]} */
  const stages = pipelines.flatMap((one) => one.statuses.filter((status) => !status.is_unsorted).map((status) => /** @type {[string, string]} */ ([`${one.id}:${status.id}`, `${one.name} → ${status.name}`])));
  const stage = (/** @type {number | null} */ pipelineId, /** @type {number | null} */ statusId) => (pipelineId ? `${pipelineId}:${statusId ?? ""}` : "");
  const booked = choice([[null, t("bookings.as_forms")], ...stages], stage(settings.pipeline_id, settings.status_id));
  const cancelled = element("select", {});
  const listCancelled = (set = cancelled.value) => {
    const isThere = (/** @type {string} */ key) => booked.value && key.startsWith(`${booked.value.split(":")[0]}:`);
    const shown = choice([[null, t("bookings.stays")], ...stages.filter(([key]) => isThere(key))], isThere(set) ? set : null);
    const { value } = shown;
    cancelled.replaceChildren(...shown.children);
    cancelled.value = value;
  };
  booked.onchange = () => listCancelled();
  listCancelled(settings.cancelled_status_id ? stage(settings.pipeline_id, settings.cancelled_status_id) : "");
  const ids = (/** @type {HTMLSelectElement} */ select) => select.value.split(":").map((one) => Number(one) || null);
  return {
    warning: otherCurrency,
    view: element("div", {}, element("div", { className: "grid" }, ...Object.entries(inputs).map(([name, control]) => labelled(t(`bookings.${name}`), control)), labelled(t("bookings.currency"), currency)),
      element("div", { className: "grid" }, labelled(t("bookings.stage_booked"), booked), labelled(t("bookings.stage_cancelled"), cancelled)), goods.view),
    read: () => {
      const [pipelineId, statusId] = ids(booked);
      return { ...Object.fromEntries(Object.entries(inputs).map(([name, control]) => [name, Number(control.value)])), currency: currency.value, goods: goods.box.checked, pipeline_id: pipelineId, status_id: statusId ?? null, cancelled_status_id: ids(cancelled)[1] ?? null };
    },
  };
}
