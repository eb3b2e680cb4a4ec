// Where visits stand in a column of the calendar: by the clock of the company, side by side where they overlap.

/** @typedef {{ starts_at: string, ends_at: string, [member: string]: any }} Visit */
/** Minutes of a day. @typedef {{ from: number, to: number }} Span */
/** @typedef {{ visit: Visit, from: number, to: number, lane: number, lanes: number }} Placed */

const DAY = 1440;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const EARLIEST = 9 * 60, LATEST = 18 * 60; // of a day that says nothing else

/** Minutes of a local time, as the server writes it: the clock on the wall. @param {string} text */
export const minuteOf = (text) => Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));

/** @param {string} text */
export const dayOf = (text) => text.slice(0, 10);

/** Whether some of a visit is on that day: what goes on after midnight is on both, as in other calendars. @param {Visit} visit @param {string} day */
export const isOn = ({ starts_at: from, ends_at: to }, day) => dayOf(from) === day || (dayOf(from) < day && to.slice(0, 16) > `${day}T00:00`);

/** Minutes of a visit within that day. @param {Visit} visit @param {string} day */
export function span(visit, day) {
  return { from: dayOf(visit.starts_at) < day ? 0 : minuteOf(visit.starts_at), to: dayOf(visit.ends_at) > day ? DAY : minuteOf(visit.ends_at) };
}

/**
 * The visits of one column. What would touch at its least height stands side by side.
 * @param {Visit[]} visits @param {string} day @param {number} least minutes that the smallest one takes @returns {Placed[]}
 */
export function placed(visits, day, least) {
  /** @type {Placed[]} */
  const all = visits.map((visit) => ({ visit, ...span(visit, day), lane: 0, lanes: 1 })).sort((one, other) => one.from - other.from);
  /** @type {Placed[]} */
  let together = [];
  let end = -1;
  const close = () => {
    const lanes = Math.max(...together.map((one) => one.lane)) + 1;
    for (const one of together) one.lanes = lanes;
    together = [];
  };
  /** @type {number[]} */
  let ends = [];
  for (const one of all) {
    const until = Math.max(one.to, one.from + least);
    if (one.from >= end && together.length) {
      close();
      ends = [];
    }
    const free = ends.findIndex((last) => last <= one.from);
    one.lane = free < 0 ? ends.length : free;
    ends[one.lane] = until;
    end = Math.max(end, until);
    together.push(one);
  }
  if (together.length) close();
  return all;
}

/** Of texts such as 20:00-02:00, as settings have them; what ends after midnight, beyond the day. @param {string[]} texts @returns {Span[]} */
const shifts = (texts) => texts.map((text) => {
  const [from, to] = text.split("-").map((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));
  return { from, to: to <= from ? to + DAY : to };
});

/**
 * When somebody works who begins on a day, as the server calculates it: their own days come before the company's, and on
 * a special day of the company whoever has hours of their own works within both.
 * @param {any} company @param {any} own @param {string} day @returns {Span[]}
 */
export function hoursOf(company, own, day) {
  /** @param {any} level @returns {Span[] | null} */
  const exception = ({ special_days: special = [], days_off: off = [] }) => {
    const found = special.find((/** @type {any} */ one) => one.day === day);
    if (found) return shifts(found.hours);
    return off.some((/** @type {any} */ { first, last }) => first <= day && day <= last) ? [] : null;
  };
  const usual = shifts((own?.hours ?? company.hours)[WEEKDAYS[new Date(`${day}T00:00Z`).getUTCDay()]] ?? []);
  const theirs = own ? exception(own) : null, companys = exception(company);
  if (theirs || !companys || !own?.hours) return theirs ?? companys ?? usual;
  return companys.flatMap((one) => usual.map(({ from, to }) => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) }))).filter(({ from, to }) => from < to);
}

/** What is open on a day, with what is left of the night before. @param {Span[]} hours @param {Span[]} before of the day before @returns {Span[]} */
export function open(hours, before) {
  const nights = before.filter(({ to }) => to > DAY).map(({ to }) => ({ from: 0, to: to - DAY }));
  return [...nights, ...hours.map(({ from, to }) => ({ from, to: Math.min(to, DAY) }))];
}

/**
 * The hours that a calendar shows: those of work, and whatever somebody is booked at.
 * @param {Span[]} spans of both @returns {{ first: number, last: number }} minutes, of whole hours
 */
export function extent(spans) {
  const first = Math.min(...(spans.length ? spans.map((one) => one.from) : [EARLIEST])), last = Math.max(...(spans.length ? spans.map((one) => one.to) : [LATEST]));
  return { first: Math.floor(first / 60) * 60, last: Math.ceil(last / 60) * 60 };
}
