// The board of the calendar: columns with a clock beside them, the visits in them, and the free times of one that is being
// moved. Arrow keys go from one to the next; a pointer carries a visit.

import { element } from "../ui/dom.js";
import { dayAs, t, timeThere } from "../ui/i18n.js";
import { onWall, plus } from "../ui/slots.js";
import { dayOf, extent, hoursOf, isOn, minuteOf, open as openOn, placed, span } from "./calendar_layout.js";
import { personOf } from "./calendar_visit.js";

/** @typedef {import("./calendar_layout.js").Visit} Booked */
/** @typedef {{ day: string, resource: string | null, title: string, settings: any, visits: Booked[] }} Column */

const HOUR = 60;
const FAR = 6; // pixels, from which on a pointer carries something
const isCoarse = matchMedia("(pointer: coarse)").matches;
const SCALE = isCoarse ? 3 : 1.25; // pixels of a minute
const LEAST = isCoarse ? 15 : 18; // minutes, as which the shortest visit is drawn

/**
 * @param {{ days: string[], doctors: any[], whose: string, mode: string, visits: Booked[] }} asked
 * @returns {Column[]} of a day, its doctors, also those who are gone and have visits; of a week, its days
 */
export function columnsOf({ days, doctors, whose, mode, visits }) {
  const of = (/** @type {(one: Booked) => boolean} */ isOwn) => visits.filter(isOwn);
  if (mode === "week") {
    return days.map((day) => ({ day, resource: null, title: dayAs(day, { weekday: "short", day: "numeric", month: "short" }), settings: doctors.find((one) => one.id === whose) ?? null, visits: of((one) => isOn(one, day)) }));
  }
  const known = doctors.filter((one) => (whose ? one.id === whose : one.is_on || visits.some(({ resource }) => resource.id === one.id)));
  const gone = new Map(visits.filter((one) => !known.some(({ id }) => id === one.resource.id)).map((one) => [one.resource.id, one.resource]));
  return [...known, ...gone.values()].map((one) => ({ day: days[0], resource: one.id, title: one.name, settings: one, visits: of((visit) => visit.resource.id === one.id && isOn(visit, days[0])) }));
}

/**
 * @param {{ columns: Column[], settings: any, today: string, hasNames: boolean, open: (one: Booked) => void,
 *   drag: ((one: Booked, where: () => string | null, let_go: Promise<unknown>) => unknown) | null }} given
 */
export function drawn({ columns, settings, today, open, drag, hasNames }) {
  const hours = columns.map((one) => openOn(hoursOf(settings, one.settings, one.day), hoursOf(settings, one.settings, plus(one.day, -1))));
  const { first, last } = extent([...hours.flat(), ...columns.flatMap((one) => one.visits.map((visit) => span(visit, one.day)))]);
  const height = `${(last - first) * SCALE}px`;
  const at = (/** @type {HTMLElement} */ made, /** @type {number} */ from, /** @type {number} */ to) => Object.assign(made.style, { top: `${(Math.max(from, first) - first) * SCALE}px`, height: `${(Math.min(to, last) - Math.max(from, first)) * SCALE}px` });
  const clock = element("div", { className: "clock" }, element("div", { className: "head" }));
  const marks = element("div", { className: "lanes" });
  marks.style.height = height;
  for (let hour = first; hour < last; hour += HOUR) {
    const mark = element("small", { text: `${String(hour / HOUR).padStart(2, "0")}:00` });
    at(mark, hour, hour + HOUR);
    marks.append(mark);
  }
  clock.append(marks);
  const minute = minuteOf(onWall(Date.now(), settings.time_zone));
  const board = element("div", { className: "board" }, clock, ...columns.map((column, index) => {
    const lanes = element("div", { className: "lanes" });
    lanes.style.height = height;
    lanes.style.setProperty("--hour", `${HOUR * SCALE}px`);
    Object.assign(lanes.dataset, { day: column.day, resource: column.resource ?? "", first: String(first) });
    for (const { from, to } of hours[index]) {
      const made = element("div", { className: "open" });
      at(made, from, to);
      lanes.append(made);
    }
    for (const { visit, from, to, lane, lanes: count } of placed(column.visits, column.day, LEAST)) {
      const made = visitButton(visit, settings, hasNames, open);
      at(made, from, Math.max(to, from + LEAST));
      Object.assign(made.style, { insetInlineStart: `${(lane / count) * 100}%`, width: `${100 / count}%` });
      if (drag && !visit.attendance && Date.parse(visit.starts_at) > Date.now()) carried(made, visit, drag);
      lanes.append(made);
    }
    if (column.day === today && minute >= first && minute < last) {
      const line = element("div", { className: "now" });
      at(line, minute, minute + 1);
      lanes.append(line);
    }
    const head = element("h4", { className: "head", dir: "auto", title: column.title, text: column.title });
    const made = element("section", { className: column.day === today ? "column today" : "column" }, head, lanes);
    made.setAttribute("aria-label", `${column.title}: ${t("calendar.visits", { count: column.visits.length })}`);
    return made;
  }));
  board.style.setProperty("--columns", String(columns.length));
  board.addEventListener("keydown", byKeys);
  const region = element("div", { className: "board-around", tabIndex: 0 }, board);
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", t("bookings.visits"));
  return region;
}

/** @param {Booked} one @param {any} settings @param {boolean} hasName @param {(one: Booked) => void} open */
function visitButton(one, settings, hasName, open) {
  const time = `${timeThere(one.starts_at, settings.time_zone)}–${timeThere(one.ends_at, settings.time_zone)}`;
  const person = personOf(one);
  const more = [person === one.service.name ? null : one.service.name, hasName ? one.resource.name : null, one.room, one.visitor?.phone !== person ? one.visitor?.phone : null].filter(Boolean);
  const made = element("button", { type: "button", className: `visit ${one.attention ? "attention" : one.attendance ?? ""} ${one.is_in_amocrm ? "" : "on-its-way"}`, dataset: { id: one.id }, title: [time, person, ...more, one.attention].filter(Boolean).join(" · ") },
    element("span", { className: "time", text: time }), " ", element("bdi", { className: "person", text: person }), more.length ? element("small", { dir: "auto", text: more.join(" · ") }) : null);
  made.onclick = () => open(one);
  return made;
}

/**
 * A pointer carries it; a finger scrolls, and moves it by its button.
 * @param {HTMLButtonElement} made @param {Booked} one @param {(one: Booked, where: () => string | null, let_go: Promise<unknown>) => unknown} drag
 */
function carried(made, one, drag) {
  made.onpointerdown = (down) => {
    if (down.pointerType === "touch" || down.button !== 0) return;
    const grabbed = down.clientY - made.getBoundingClientRect().top;
    /** @type {(value?: unknown) => void} */
    let done = () => {};
    let isCarried = false;
    let isTaken = false; // by the browser, which scrolls with a pen: it was not let go anywhere
    let [x, y] = [down.clientX, down.clientY];
    const move = (/** @type {PointerEvent} */ event) => {
      [x, y] = [event.clientX, event.clientY];
      if (!isCarried && Math.hypot(x - down.clientX, y - down.clientY) < FAR) return;
      if (!isCarried) {
        isCarried = true;
        made.setPointerCapture(down.pointerId);
        made.classList.add("carried");
        void drag(one, () => (isTaken ? null : keyAt(x, y - grabbed + FAR)), new Promise((resolve) => { done = resolve; }));
      }
      made.style.transform = `translate(${x - down.clientX}px, ${y - down.clientY}px)`;
    };
    const end = (/** @type {PointerEvent} */ { type }) => {
      isTaken = type === "pointercancel";
      made.removeEventListener("pointermove", move);
      for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) made.removeEventListener(name, end);
      made.style.transform = "";
      made.classList.remove("carried");
      const swallow = (/** @type {Event} */ event) => event.stopImmediatePropagation(); // letting go is no click
      if (isCarried) made.addEventListener("click", swallow, { capture: true });
      setTimeout(() => made.removeEventListener("click", swallow, { capture: true }));
      done();
    };
    made.addEventListener("pointermove", move);
    made.addEventListener("pointerup", end);
    made.addEventListener("pointercancel", end);
  };
}

// The free time at a point of the window; null where nothing is free.
/** @param {number} x @param {number} y */
function keyAt(x, y) {
  const found = /** @type {HTMLElement[]} */ (document.elementsFromPoint(x, y)).find((one) => one.matches(".slot"));
  return found?.dataset.key ?? null;
}

/**
 * Shows the times that are free for a visit, or none any more. The one nearest to where it is now stands out for keys.
 * @param {HTMLElement} body @param {{ starts_at: string, resource: string }[]} free @param {(slot: { starts_at: string, resource: string }) => unknown} choose @param {Booked | null} one
 */
export function slotsIn(body, free, choose, one = null) {
  for (const old of body.querySelectorAll(".slot")) old.remove();
  const spans = free.map((slot) => minuteOf(slot.starts_at)).sort((a, b) => a - b);
  const step = Math.min(HOUR / 2, ...spans.slice(1).map((minute, index) => minute - spans[index]).filter((gap) => gap > 0));
  /** @type {HTMLElement | null} */
  let near = null;
  let nearest = Infinity;
  for (const slot of free) {
    const own = `.lanes[data-day="${dayOf(slot.starts_at)}"]`;
    const lanes = /** @type {HTMLElement | null} */ (body.querySelector(`${own}[data-resource="${slot.resource}"]`) ?? body.querySelector(`${own}[data-resource=""]`));
    if (!lanes) continue;
    const from = minuteOf(slot.starts_at);
    const time = slot.starts_at.slice(11, 16);
    const made = element("button", { type: "button", className: "slot", text: time, dataset: { key: `${slot.starts_at}/${slot.resource}` } });
    made.setAttribute("aria-label", t("calendar.free_at", { time, name: lanes.parentElement?.querySelector(".head")?.textContent ?? "" }));
    Object.assign(made.style, { top: `${(from - Number(lanes.dataset.first)) * SCALE}px`, height: `${step * SCALE}px` });
    made.onclick = () => choose(slot);
    lanes.append(made);
    const far = one ? Math.abs(Date.parse(slot.starts_at) - Date.parse(one.starts_at)) + (slot.resource === one.resource.id ? 0 : 1) : Infinity;
    if (far > 0 && far < nearest) [nearest, near] = [far, made];
  }
  near?.classList.add("near");
}

// --- keys ------------------------------------------------------------------------------------------------------------

/** Up and down within a column, left and right to the nearest of another: among free times, else among visits. @param {KeyboardEvent} event */
function byKeys(event) {
  const at = /** @type {HTMLElement} */ (event.target);
  const kind = at.matches(".slot") ? ".slot" : at.matches(".visit") ? ".visit" : null;
  if (!kind || !["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
  event.preventDefault();
  const top = (/** @type {HTMLElement} */ one) => one.offsetTop;
  const all = [.../** @type {NodeListOf<HTMLElement>} */ (/** @type {HTMLElement} */ (event.currentTarget).querySelectorAll(".column"))].map((column) => [.../** @type {NodeListOf<HTMLElement>} */ (column.querySelectorAll(kind))].sort((one, other) => top(one) - top(other)));
  const column = all.findIndex((one) => one.includes(at));
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    all[column][all[column].indexOf(at) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    return;
  }
  const isOn = (event.key === "ArrowRight") === (getComputedStyle(at).direction === "ltr");
  const others = isOn ? all.slice(column + 1) : all.slice(0, column).reverse();
  const next = others.find((one) => one.length);
  next?.reduce((best, one) => (Math.abs(top(one) - top(at)) < Math.abs(top(best) - top(at)) ? one : best)).focus();
}
