// Where visits stand in a column of the calendar: by the clock of the company, side by side where they overlap.

/** @typedef {{ starts_at: string, ends_at: string, [member: string]: any }} Visit */
/** @typedef {{ visit: Visit, from: number, to: number, lane: number, lanes: number }} Placed */

const DAY = 1440;
const EARLIEST = 9 * 60, LATEST = 18 * 60; // of a day that says nothing else

/** Minutes of a local time, as the server writes it: the clock on the wall. @param {string} text */
export const minuteOf = (text) => Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16));

/** @param {string} text */
export const dayOf = (text) => text.slice(0, 10);

/** Minutes of a visit within the day; what goes on after midnight ends with the day. @param {Visit} visit */
export function span(visit) {
  const from = minuteOf(visit.starts_at);
  return { from, to: dayOf(visit.ends_at) > dayOf(visit.starts_at) ? DAY : minuteOf(visit.ends_at) };
}

/**
 * The visits of one column. What would touch at its least height stands side by side.
 * @param {Visit[]} visits @param {number} least minutes that the smallest one takes @returns {Placed[]}
 */
export function placed(visits, least) {
  /** @type {Placed[]} */
  const all = visits.map((visit) => ({ visit, ...span(visit), lane: 0, lanes: 1 })).sort((one, other) => one.from - other.from);
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

/**
 * The hours that a calendar shows: those of work, and whatever somebody is booked at.
 * @param {string[]} hours as settings have them, such as 09:00-18:00 @param {Visit[]} visits @returns {{ first: number, last: number }} minutes, of whole hours
 */
export function extent(hours, visits) {
  const spans = [...hours.map((text) => {
    const [from, to] = text.split("-").map((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));
    return { from, to: to <= from ? DAY : to };
  }), ...visits.map(span)];
  const first = Math.min(...(spans.length ? spans.map((one) => one.from) : [EARLIEST])), last = Math.max(...(spans.length ? spans.map((one) => one.to) : [LATEST]));
  return { first: Math.floor(first / 60) * 60, last: Math.ceil(last / 60) * 60 };
}
