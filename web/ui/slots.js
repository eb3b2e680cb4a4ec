// Picking a time: a week of days, and the free times of one of them. Both are groups of radio buttons, so that keyboard
// and screen reader work as everywhere.

import { element } from "./dom.js";
import { dayAs, t, timeThere } from "./i18n.js";
import { latest } from "./pace.js";

const DAYS = 7;
const MOST_LOOKS = 5; // weeks that are looked through for the first free time
let groups = 0;

/** @typedef {{ starts_at: string, [other: string]: unknown }} Slot */
/** @typedef {{ date: string, slots: Slot[] }} Day */
/** @typedef {{ time_zone: string, days: Day[] }} Found */

/** @param {string} date YYYY-MM-DD. @param {number} days */
export const plus = (date, days) => new Date(Date.parse(`${date}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

// In a browser that does not know the zone its own clock, which is the company's for most of its people.
/** Day and time of a moment on a company's wall: "2026-01-31 09:30:00". @param {string | number} moment @param {string} timeZone */
export function onWall(moment, timeZone) {
  try {
    return new Date(moment).toLocaleString("sv-SE", { timeZone });
  } catch {
    return new Date(moment).toLocaleString("sv-SE");
  }
}

/** @param {string | number} moment @param {string} timeZone */
export const dayThere = (moment, timeZone) => onWall(moment, timeZone).slice(0, 10);

// While nobody knows what becomes of a visit, nothing about it can be changed: that would be another visit.
/** @param {HTMLElement[]} parts @param {unknown} isOpen */
export function freeze(parts, isOpen) {
  for (const part of parts) part.inert = Boolean(isOpen);
}

// Of several places nobody is sent to one that they have not seen: each is named, with whoever is there, and "anyone" is
// anyone of it. A list that is closed shows the words of the chosen one alone, so the place stands in them; where it was
// chosen, it stays so, or at least at its place. Gives what is to be told where that has nobody.
/**
 * @param {HTMLSelectElement} select
 * @param {{ resources: { id: string, name: string, place: string | null }[], places: { id: string, name: string, address?: string }[] }} offer
 * @param {string[]} ids Who offers the service.
 */
export function listDoctors(select, { resources, places }, ids) {
  const able = resources.filter((one) => ids.includes(one.id));
  const before = select.value, stood = doctorIn(select);
  const those = (/** @type {typeof able} */ some, place = { id: "", name: "" }) => {
    const made = (/** @type {string} */ name, /** @type {string} */ value) => new Option([name, place.name].filter(Boolean).join(" · "), value, false, value === before);
    return [...(some.length > 1 ? [made(t("booking.anyone"), `${place.id}/`)] : []), ...some.map((one) => made(one.name, `/${one.id}`))];
  };
  const groups = places.map((place) => ({ place, some: able.filter((one) => one.place === place.id) })).filter(({ some }) => some.length);
  const isSaid = places.length > 1 && groups.length > 0; // who is where
  const named = groups.map(({ place, some }) => element("optgroup", { label: [place.name, place.address].filter(Boolean).join(", ") }, ...those(some, place)));
  select.replaceChildren(...(isSaid ? [...named, ...able.filter((one) => one.place === null).flatMap((one) => those([one]))] : those(able)));
  const left = stood.place ?? resources.find((one) => one.id === stood.resource)?.place, place = places.find((one) => one.id === left);
  if (places.length < 2 || !place || select.value === before) return "";
  const first = named[groups.findIndex((one) => one.place === place)]?.querySelector("option");
  if (first) first.selected = true;
  return first ? "" : t("booking.not_there", { place: place.name });
}

/** Whom a list of doctors stands at. @param {HTMLSelectElement} select */
export function doctorIn(select) {
  const [place = "", resource = ""] = select.value.split("/");
  return { ...(resource && { resource }), ...(place && { place }) };
}

// `load(from, to)` gives the answer of get_slots; `picked(slot)` hears of every choice, and of null when there is none any
// more. Returns {view, refresh}: `refresh(true)` begins at today again.
/**
 * @param {{ load: (from: string, to: string) => Promise<Found>, today: string, last: string, picked: (slot: Slot | null) => void }} wanted
 */
export function slotPicker({ load, today, last, picked }) {
  const group = `slots-${(groups += 1)}`;
  const view = element("div", { className: "slots" });
  const days = element("div", { className: "days" }), times = element("div", { className: "times" });
  const status = element("p", { className: "soft" }), problem = element("p", { className: "error" });
  status.setAttribute("role", "status");
  problem.setAttribute("role", "alert");
  const earlier = element("button", { type: "button", className: "quiet small", text: t("slots.earlier"), onclick: () => go(-DAYS) });
  const later = element("button", { type: "button", className: "quiet small", text: t("slots.later"), onclick: () => go(DAYS) });
  const again = element("button", { type: "button", className: "quiet small", text: t("again"), hidden: true });
  const begin = latest();
  /** @type {Slot | null} */
  let chosen = null;
  let first = today, zone = "UTC";

  /** @param {Slot | null} slot */
  const choose = (slot) => {
    chosen = slot;
    picked(slot);
  };

  /** @param {number} step @returns {Promise<void>} */
  async function go(step, isSearching = false, looks = 0) {
    const isOld = begin();
    first = step < 0 && plus(first, step) < today ? today : plus(first, step);
    choose(null);
    problem.textContent = "";
    again.hidden = true;
    view.setAttribute("aria-busy", "true");
    freeze([days, times], true); // a time of the week that is left would be forgotten when the next one is there
    try {
      const found = await load(first, plus(first, DAYS - 1));
      if (isOld()) return;
      zone = found.time_zone;
      const isEmpty = !found.days.some((one) => one.slots.length);
      if (isEmpty && isSearching && looks < MOST_LOOKS && plus(first, DAYS) <= last) {
        await go(DAYS, true, looks + 1);
        return;
      }
      show(found.days);
    } catch (error) {
      if (isOld()) return;
      days.replaceChildren();
      times.replaceChildren();
      status.textContent = "";
      problem.textContent = /** @type {Error} */ (error).message;
      again.hidden = false;
      again.onclick = () => go(0, isSearching, looks);
    }
    earlier.disabled = first <= today;
    later.disabled = plus(first, DAYS) > last;
    freeze([days, times], false);
    view.removeAttribute("aria-busy");
  }

  /** @param {Day[]} found */
  function show(found) {
    const from = dayAs(found[0]?.date ?? first, { day: "numeric", month: "long" }), to = dayAs(found.at(-1)?.date ?? first, { day: "numeric", month: "long" });
    range.textContent = `${from} – ${to}`;
    const free = found.find((one) => one.slots.length);
    days.replaceChildren(...found.map((one) => radio(`${group}-day`, one.date, one === free, !one.slots.length, () => showTimes(one),
      element("small", { text: dayAs(one.date, { weekday: "short" }) }), element("b", { text: String(Number(one.date.slice(8))) }),
      `${dayAs(one.date, { weekday: "long", day: "numeric", month: "long" })}: ${t("slots.free", { count: one.slots.length })}`)));
    if (free) showTimes(free);
    else {
      times.replaceChildren();
      status.textContent = t("slots.none");
    }
  }

  /** @param {Day} day */
  function showTimes({ date, slots }) {
    choose(null);
    status.textContent = `${dayAs(date, { weekday: "long", day: "numeric", month: "long" })}: ${t("slots.free", { count: slots.length })}`;
    times.replaceChildren(...slots.map((slot) => {
      const time = timeThere(slot.starts_at, zone);
      return radio(`${group}-time`, slot.starts_at, false, false, () => choose(slot), element("span", { text: time }), null, time);
    }));
  }

  const range = element("b", {});
  /** @param {string} key @param {string} className @param {HTMLElement} inner */
  const labelled = (key, className, inner) => {
    return element("fieldset", { className }, element("legend", { className: "unseen", text: t(key) }), inner);
  };
  view.append(element("div", { className: "range" }, earlier, range, later), labelled("slots.day", "", days), status, problem, again, labelled("slots.time", "", times));
  return { view, chosen: () => chosen, refresh: (fromToday = false) => {
    if (fromToday) first = today;
    return go(0, fromToday);
  } };
}

/**
 * @param {string} name @param {string} value @param {boolean} isChosen @param {boolean} isOff @param {() => void} chosen
 * @param {HTMLElement} top @param {HTMLElement | null} bottom @param {string} label
 */
function radio(name, value, isChosen, isOff, chosen, top, bottom, label) {
  const input = element("input", { type: "radio", name, value, checked: isChosen, disabled: isOff, onchange: chosen });
  input.setAttribute("aria-label", label);
  return element("label", { className: isOff ? "off" : "" }, input, element("span", {}, top, bottom));
}
