// A doctor's own calendar, kept elsewhere: its address, which is never shown again, and how reading it fares.

import { element } from "../ui/dom.js";
import { moment, t } from "../ui/i18n.js";
import { busy, button, failure } from "./pieces.js";
import { call } from "./session.js";

/** @typedef {{ host: string, read_at: string | null, times: number, failing_since: string, problem: string | null, left_out: { reason: string, count: number, lines: number[] }[] }} Calendar */

/** @param {import("./panel.js").Connection} connection @param {string} resource */
export async function view(connection, resource) {
  const state = element("div", {}), error = failure();
  state.setAttribute("role", "status");
  // Text, not an address: it is no part of the form around it, which would not be saved for a bad one.
  const url = element("input", { placeholder: "https://", maxLength: 2000, autocomplete: "off", spellcheck: false });
  const show = (/** @type {Calendar | undefined} */ calendar) => {
    url.value = "";
    end.hidden = !calendar;
    state.replaceChildren(...(calendar ? told(calendar) : []));
  };
  const save = async (/** @type {string | null} */ address) => show((await call("subscribe_calendar", { method: "POST", connection, body: { resource, url: address } })).calendar);
  // Its address is known to nobody any more once it is gone: asked before.
  const begin = button("bookings.subscribe", (pressed) => busy(pressed, async () => {
    if (url.value.trim() && (end.hidden || confirm(t("bookings.subscribe_over_sure")))) await save(url.value.trim());
  }, error));
  const end = button("bookings.unsubscribe", (pressed) => busy(pressed, async () => {
    if (confirm(t("bookings.unsubscribe_sure"))) await save(null);
  }, error));
  show((await call("get_subscriptions", { connection })).calendars.find((/** @type {Calendar & { resource: string }} */ one) => one.resource === resource));
  return element("div", {}, element("p", { className: "soft", text: t("bookings.subscription_hint") }), state, element("label", {}, t("bookings.subscription_url"), url), element("div", { className: "toolbar" }, begin, end), error);
}

/** @param {Calendar} calendar */
function told({ host, read_at: readAt, times, failing_since: failingSince, problem, left_out: leftOut }) {
  const lines = leftOut.map((one) => element("li", { text: t("bookings.left_out", { reason: one.reason, count: one.count, lines: one.lines.join(", ") }) }));
  return [
    element("p", { text: readAt ? t("bookings.subscribed", { host, moment: moment(readAt), times }) : host }),
    ...(problem ? [element("p", { className: "bad", text: t("bookings.subscription_fails", { moment: moment(failingSince), problem }) })] : []),
    ...(lines.length ? [element("ul", { className: "soft" }, ...lines)] : []),
  ];
}
