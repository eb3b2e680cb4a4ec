// crm_api for our own pages: the client of clients/js, in the reader's language.

import { ApiError, connect } from "../client/index.js";
import { language, t } from "./i18n.js";

export { newKey } from "../client/index.js";

// Where this file is served by crm_api itself, its address holds a hash: see functions/crm_api/pages.py.
export const API = new URL("..", import.meta.url).href.replace(/(\/_\/[0-9a-f]+)?\/$/, "");

// The client knows English only for what no server has said.
/** @template Failed @param {Failed} error @returns {Failed} */
export function inWords(error) {
  if (error instanceof ApiError && error.code === "network") error.message = t("server.silent");
  else if (error instanceof ApiError && !error.problem.detail) error.message = t("server.answered", { status: error.status });
  return error;
}

// Whether nobody knows what became of a write; the same again tells.
/** @param {{ status: number }} error */
export const isUnknown = ({ status }) => status === 0 || status >= 500;

/** @typedef {{ method?: string, body?: Record<string, any>, query?: Record<string, any>, headers?: Record<string, string> }} Asked */

/** @param {Omit<import("../client/index.js").ConnectOptions, "api">} options */
export const open = (options) => connect({ api: API, language, ...options });

// One action, once: whoever presses a button sees what came of it, and presses again. `proof` are the headers that say who
// is asking.
/** @param {string} action @param {Record<string, string>} proof @param {Asked} asked @returns {Promise<any>} */
export async function call(action, { Authorization = "", ...proof }, { body, query = {}, headers = {} } = {}) {
  const isRead = action.startsWith("get_") || action === "connection_status";
  try {
    return await open({ token: Authorization.replace(/^Bearer /, ""), headers: { ...proof, ...headers }, tries: 1 }).call(action, isRead ? query : body ?? {});
  } catch (error) {
    throw inWords(error);
  }
}
