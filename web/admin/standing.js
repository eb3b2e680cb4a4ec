// How a connection stands: its status, what is wrong with it, and how long its token lasts.

import { element } from "../ui/dom.js";
import { has, moment, t } from "../ui/i18n.js";

/** @param {import("./panel.js").Connection} connection @returns {Node[]} */
export function standing(connection) {
  const status = element("span", { className: `status ${connection.status}`, text: t(`status.${connection.status}`) });
  const until = connection.status === "connected" && connection.token_expires_at ? element("span", { className: "soft", text: ` · ${expiry(connection.token_expires_at)}` }) : null;
  return [status, ...(until ? [until] : []), ...(connection.problem ? problem(connection.problem) : [])];
}

// In the reader's language where the catalogue knows the trouble; amoCRM's own words below.
/** @param {{ code: string, detail: string }} problem @returns {Node[]} */
function problem({ code, detail }) {
  const known = has(`problem.${code}`);
  return [element("p", { className: "error", text: known ? t(`problem.${code}`) : detail }), ...(known ? [element("p", { className: "soft", text: detail })] : [])];
}

/** @param {string} text */
function expiry(text) {
  const hours = Math.round((Date.parse(text) - Date.now()) / 3_600_000);
  return hours > 72 ? t("crm.expires_days", { days: Math.round(hours / 24), moment: moment(text) }) : t("crm.expires_hours", { hours: Math.max(0, hours) });
}

