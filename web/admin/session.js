// Who is signed in, what they may, and how the panel asks the server. The administrator token is kept for this browser
// session only.

import { call as callApi } from "../ui/api.js";
import { has, t } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";

/** @typedef {{ account_domain: string, widget_type: string }} Account */
/** @typedef {{ name: string, rights: string[], widget_types: Record<string, string>, calculator_types: string[] }} Me */

const TOKEN_KEY = "administrator-token";

/** @type {Me} */
let me = { name: "", rights: [], widget_types: {}, calculator_types: [] };

export const token = { get: () => ofTab.get(TOKEN_KEY), set: (/** @type {string} */ value) => void ofTab.set(TOKEN_KEY, value), remove: () => ofTab.remove(TOKEN_KEY) };

/** Refusals of a session that had ended before they came, and whose it was. @type {WeakMap<Error, string>} */
const late = new WeakMap();

/**
 * One action of crm_api, as whoever is signed in.
 * @param {string} action @param {{ connection?: Account | null } & import("../ui/api.js").Asked} asked
 */
export async function call(action, { connection, ...options } = {}) {
  const asker = token.get(), { name } = me;
  /** @type {Record<string, string>} */
  const proof = { Authorization: `Bearer ${asker}` };
  if (connection) {
    proof["X-Account-Domain"] = connection.account_domain;
    proof["X-Widget-Type"] = connection.widget_type;
  }
  try {
    return await callApi(action, proof, options);
  } catch (failed) {
    const error = /** @type {Error} */ (failed);
    if (asker !== token.get()) late.set(error, name);
    throw error;
  }
}

/** Whether it ends the session that there is; whoever has signed in since stays in. @param {Error & { status?: number }} error */
export const endsSession = (error) => error.status === 401 && Boolean(token.get()) && !late.has(error);
/** Whether it is of what somebody else had asked, who is not in any more. @param {Error} error */
export const isOthers = (error) => late.has(error) && late.get(error) !== me.name;

export async function known() {
  me = await call("get_administrator");
  return me;
}

/** Whether whoever is signed in may: see, operate, connect, manage. @param {string} right */
export const may = (right) => me.rights.includes(right);
export const whoIsIn = () => me.name;
export const widgetTypes = () => Object.keys(me.widget_types);
/** Whether the cards of such a widget show a calculator that is built here. @param {string} type */
export const isCalculator = (type) => me.calculator_types.includes(type);
/** @param {string} type @returns {string} */
export const widgetName = (type) => me.widget_types[type] ?? (has(`widget.${type}`) ? t(`widget.${type}`) : type);
/** @param {Account} connection */
export const connectionName = ({ account_domain, widget_type }) => `${account_domain} · ${widgetName(widget_type)}`;
