// The clinic's day and week as a calendar: a column for each doctor, or for each day; a visit is opened, and moved by a
// pointer or by keys to a time that the server says is free. All times are the clock on the company's wall.

import { element } from "../ui/dom.js";
import { dayAs, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { dayThere, plus } from "../ui/slots.js";
import { columnsOf, drawn, slotsIn } from "./calendar_board.js";
import { dayOf, isOn } from "./calendar_layout.js";
import { opened, personOf, timesOf } from "./calendar_visit.js";
import { button, failure, filled, live, overSeen, told } from "./pieces.js";
import { call, may } from "./session.js";
import { toast } from "./toast.js";

/** @typedef {import("./calendar_layout.js").Visit} Booked */

// Its own styles, which other views do not wait for.
await new Promise((loaded) => document.head.append(element("link", { rel: "stylesheet", href: new URL("calendar.css", import.meta.url).href, onload: loaded, onerror: loaded })));

const LIVE_MILLISECONDS = 30_000;
const WEEK = 7;

/** The Monday of a day's week. @param {string} day */
const mondayOf = (day) => plus(day, -((new Date(`${day}T00:00Z`).getUTCDay() + 6) % WEEK));

/** @param {import("./panel.js").Visit} visit @param {import("../../types/bookings.js").Bookings} settings @param {"day" | "week"} mode */
export function calendar({ connection, query, remember, to }, settings, mode) {
  const today = () => dayThere(Date.now(), settings.time_zone); // of a page that stays open for days
  const doctors = settings.resources.filter((one) => !one.is_room);
  const from = element("input", { type: "date", value: query.from || today(), required: true });
  const whose = element("select", {}, new Option(t("bookings.everybody"), ""), ...doctors.map((one) => new Option(one.name, one.id, false, one.id === query.whose)));
  const title = element("h3", { className: "period" });
  const body = element("div", {}), banner = element("div", { className: "banner" }), error = failure();
  banner.setAttribute("role", "status");
  const begin = latest(), beginOffer = latest();
  /** @type {Booked | null} */
  let moving = null;
  /** @type {HTMLDialogElement | null} */
  let dialog = null;
  let shown = "";

  const days = () => (mode === "day" ? [from.value] : Array.from({ length: WEEK }, (_, index) => plus(mondayOf(from.value), index)));

  // --- what is shown ---------------------------------------------------------------------------------------------

  const read = async () => {
    const [first, last] = [days()[0], days()[days().length - 1]];
    /** @type {Booked[]} */
    const found = [];
    for (let after = ""; ;) {
      // What was begun the evening before goes on after midnight.
      const { bookings, next } = await call("get_bookings", { connection, query: { from: plus(first, -1), to: last, resource: whose.value, ...(after ? { after } : {}) } });
      found.push(...bookings.filter((/** @type {Booked} */ one) => isOn(one, first) || dayOf(one.starts_at) > first));
      if (!next) return found;
      after = next;
    }
  };
  const draw = (/** @type {Booked[]} */ found) => {
    shown = JSON.stringify(found);
    const there = found.filter((one) => one.state === "booked");
    const cancelled = found.filter((one) => one.state === "cancelled" && dayOf(one.starts_at) >= days()[0]).length;
    const columns = columnsOf({ days: days(), doctors, whose: whose.value, mode, visits: there });
    const style = /** @type {Intl.DateTimeFormatOptions} */ ({ weekday: mode === "day" ? "long" : undefined, day: "numeric", month: "long", year: "numeric" });
    const named = whose.value ? ` · ${whose.selectedOptions[0].text}` : "";
    title.textContent = `${mode === "day" ? dayAs(from.value, style) : `${dayAs(days()[0], style)} – ${dayAs(days()[WEEK - 1], style)}`}${named}`;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.id;
    body.replaceChildren(drawn({ columns, settings, today: today(), open, drag: may("manage") ? drag : null, hasNames: mode === "week" && !whose.value }),
      ...(there.length ? [] : [element("p", { className: "soft", text: t("calendar.none") })]),
      ...(cancelled ? [element("p", {}, element("a", { href: to({ query: { show: "list", from: days()[0], whose: whose.value } }), text: t("calendar.cancelled", { count: String(cancelled) }) }))] : []));
    if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`[data-id="${focused}"]`))?.focus();
  };
  const refresh = async () => {
    const isOld = begin();
    if (!from.value) return;
    const found = await read();
    if (isOld()) return;
    draw(found);
    if (moving) await offer(moving);
  };
  const anew = () => told(() => (body.firstChild ? refresh() : filled(body, refresh, anew)), error);
  const look = async () => {
    const isOld = begin();
    const found = await read();
    if (!isOld() && !moving && !dialog?.open && JSON.stringify(found) !== shown) draw(found);
  };

  // --- moving ----------------------------------------------------------------------------------------------------

  const stop = () => {
    moving = null;
    banner.replaceChildren();
    slotsIn(body, [], () => {});
  };
  const offer = async (/** @type {Booked} */ one) => {
    moving = one;
    const isOld = beginOffer();
    const all = days();
    const { days: found } = await call("get_slots", { connection, query: { service: one.service.id, booking: one.id, from: plus(all[0], -1), to: all[all.length - 1] } });
    if (isOld() || moving !== one) return;
    const own = mode === "week" ? whose.value || one.resource.id : null;
    const free = found.flatMap((/** @type {any} */ day) => day.slots).flatMap((/** @type {any} */ slot) => slot.resources.filter((/** @type {string} */ id) => !own || id === own).map((/** @type {string} */ resource) => ({ starts_at: slot.starts_at, resource }))).filter((/** @type {{ starts_at: string }} */ slot) => all.includes(dayOf(slot.starts_at)));
    banner.replaceChildren(element("div", { className: "key" }, element("span", {}, t(free.length ? "calendar.choose" : "calendar.no_slots"), " ", element("bdi", { text: personOf(one) })), button("calendar.stop", stop)));
    slotsIn(body, free, (slot) => move(one, slot), one);
  };
  const move = async (/** @type {Booked} */ one, /** @type {{ starts_at: string, resource: string }} */ slot) => {
    await told(async () => {
      const { booking } = await overSeen(() => call("move_booking", { method: "POST", connection, body: { id: one.id, starts_at: slot.starts_at, resource: slot.resource, version: one.version } }), () => {
        stop();
        return refresh();
      });
      stop();
      toast(t("calendar.moved", { name: personOf(booking), time: timesOf(booking, settings.time_zone) }), async () => {
        await call("move_booking", { method: "POST", connection, body: { id: one.id, starts_at: one.starts_at, resource: one.resource.id, version: booking.version } });
        await refresh();
      });
      await refresh();
      /** @type {HTMLElement | null} */ (body.querySelector(`[data-id="${one.id}"]`))?.focus();
    }, error);
  };
  /** @param {Booked} one @param {() => string | null} where the key of the slot it was let go over @param {Promise<unknown>} let_go */
  const drag = async (one, where, let_go) => {
    const offered = told(() => offer(one), error);
    await let_go;
    if (!(await offered)) return stop();
    const key = where();
    const slot = key && /** @type {HTMLButtonElement | null} */ (body.querySelector(`.slot[data-key="${key}"]`));
    if (slot) return slot.onclick?.(/** @type {any} */ (null));
    stop();
    return toast(t("calendar.not_free"));
  };
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !moving) return;
    const { id } = moving;
    stop();
    /** @type {HTMLElement | null} */ (body.querySelector(`[data-id="${id}"]`))?.focus();
  };

  // --- a visit ---------------------------------------------------------------------------------------------------

  const open = (/** @type {Booked} */ one) => {
    dialog?.remove();
    const made = opened(one, { connection, settings, refresh, move: () => told(async () => {
      await offer(one);
      /** @type {HTMLElement | null} */ (body.querySelector(".slot.near") ?? body.querySelector(".slot") ?? banner.querySelector("button"))?.focus();
    }, error) });
    dialog = made;
    made.addEventListener("close", () => made.remove());
    view.append(made);
    made.showModal();
  };

  // --- the toolbar -----------------------------------------------------------------------------------------------

  const changed = () => {
    if (!from.value) return;
    error.textContent = "";
    remember({ query: { show: mode === "day" ? "" : mode, from: from.value === today() ? "" : from.value, whose: whose.value } }, true);
    void anew();
  };
  const step = (/** @type {number} */ by) => () => {
    from.value = by ? plus(from.value || today(), by * days().length) : today();
    changed();
  };
  from.onchange = changed;
  whose.onchange = changed;
  const view = element("section", { onkeydown: escape, className: `card calendar ${mode}` }, element("div", { className: "toolbar" },
    element("div", { className: "actions" }, button("calendar.earlier", step(-1)), button("calendar.today", step(0)), button("calendar.later", step(1))),
    element("label", {}, t("calendar.date"), from), element("label", {}, t("booking.with"), whose), button("calendar.print", () => print())), title, error, body, banner);
  const ready = anew();
  const close = live(look, LIVE_MILLISECONDS, () => !moving && !dialog?.open);
  return { view, refresh: anew, close, ready };
}

