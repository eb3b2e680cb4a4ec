// One visit of the calendar, opened: what is known of it, and what can be done about it now.

import { element, isolated } from "../ui/dom.js";
import { money, momentThere, t, timeThere } from "../ui/i18n.js";
import { written } from "./address.js";
import { busy, button, failure, overSeen } from "./pieces.js";
import { call, may } from "./session.js";
import { toast } from "./toast.js";
import { facts } from "./values.js";

/** @typedef {import("./calendar_layout.js").Visit} Booked */

/** Whom people call it by: the visitor, where one may be shown. @param {Booked} one @returns {string} */
export const personOf = (one) => one.visitor?.name || one.visitor?.phone || one.service.name;
/** @param {Booked} one @param {string} timeZone */
export const timesOf = (one, timeZone) => momentThere(one.starts_at, timeZone);

/** @typedef {{ connection: any, refresh: () => unknown, over?: () => void }} Around `over`: what is done once it is told */
/** @param {Booked} one @param {Around} around */
const postOf = (one, { connection }) => (/** @type {string} */ action, /** @type {Record<string, unknown>} */ more) => call(action, { method: "POST", connection, body: { id: one.id, ...more } });

/** Whether somebody came; it can be taken back. @param {Booked} one @param {string} attendance @param {Around} around */
export async function attended(one, attendance, { connection, refresh, over }) {
  const post = postOf(one, { connection, refresh });
  const { booking } = await overSeen(() => post("set_attendance", { attendance, version: one.version }), refresh);
  over?.();
  toast(`${isolated(personOf(one))}: ${t(`bookings.has_${attendance}`)}`, async () => {
    await post("set_attendance", { attendance: one.attendance, version: booking.version });
    await refresh();
  });
  await refresh();
}

/** Asked before: its time may be somebody else's in the next moment. @param {Booked} one @param {Around} around */
export async function cancelled(one, { connection, refresh, over }) {
  if (!confirm(t("bookings.cancel_sure"))) return;
  await overSeen(() => postOf(one, { connection, refresh })("cancel_booking", { version: one.version }), refresh);
  over?.();
  toast(t("bookings.cancelled"));
  await refresh();
}

/**
 * @param {Booked} one
 * @param {{ connection: any, settings: any, refresh: () => Promise<void>, move: () => unknown }} around
 */
export function opened(one, { connection, settings, refresh, move }) {
  const error = failure();
  const made = element("dialog", { className: "visit-opened" });
  const isOver = Date.parse(one.starts_at) <= Date.now();
  const over = () => made.close();
  const attend = (/** @type {string} */ attendance) => (/** @type {HTMLButtonElement} */ pressed) => busy(pressed, () => attended(one, attendance, { connection, refresh, over }), error);
  const cancel = (/** @type {HTMLButtonElement} */ pressed) => busy(pressed, () => cancelled(one, { connection, refresh, over }), error);
  const buttons = !may("manage") ? [] : isOver
    ? ["came", "missed"].filter((other) => other !== one.attendance).map((other) => button(`bookings.${other}`, attend(other), "quiet"))
    : [button("bookings.move", () => {
        made.close();
        move();
      }, ""), button("bookings.cancel", cancel, "quiet")];
  const { name, phone, email, comment } = one.visitor ?? {};
  const account = /** @type {[string, string]} */ ([connection.account_domain, connection.widget_type]);
  const state = one.attendance ? t(`bookings.has_${one.attendance}`) : one.is_in_amocrm ? "" : t("bookings.on_its_way");
  const heading = element("h2", { dir: "auto", text: personOf(one) });
  heading.id = "visit-heading";
  made.setAttribute("aria-labelledby", heading.id);
  made.append(heading, element("p", { text: `${timesOf(one, settings.time_zone)} – ${timeThere(one.ends_at, settings.time_zone)}` }),
    facts([[t("booking.service"), one.service.name], [t("booking.with"), one.resource.name], [t("booking.room"), one.room], [t("booking.place"), one.place], [t("booking.price"), one.price === null ? "" : money(one.price, one.currency)],
      [t("booking.name"), name], [t("booking.phone"), phone && element("a", { href: `tel:${phone.replace(/[^+\d]/g, "")}`, text: phone })], [t("booking.email"), email], [t("booking.comment"), comment],
      [t("calendar.state"), state], [t("deliveries.lead"), one.lead_id && element("a", { href: written({ account, view: "deliveries", query: { lead: String(one.lead_id) } }), text: String(one.lead_id) })]]) ?? "",
    ...(one.attention ? [element("p", { className: "warning", text: one.attention })] : []), error, element("div", { className: "actions" }, ...buttons, button("close", () => made.close(), "quiet")));
  return made;
}
