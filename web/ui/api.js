// Calling crm_api. `proof` are the headers that say who is asking.

import { language, t } from "./i18n.js";

// Where this file is served by crm_api itself, its address holds a hash: see functions/crm_api/pages.py.
export const API = new URL("..", import.meta.url).href.replace(/(\/_\/[0-9a-f]+)?\/$/, "");

export class ApiError extends Error {
  constructor(status, problem) {
    const errors = (problem.errors ?? []).map(({ path, detail }) => (path ? `${path}: ${detail}` : detail));
    super(errors.length ? errors.join("\n") : problem.detail ?? t("server.answered", { status }));
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = problem.retry_after;
  }
}

export async function call(action, proof, { method = "GET", body, query = {}, headers = {} } = {}) {
  const sent = { "Accept-Language": language, ...proof, ...headers, ...(body ? { "Content-Type": "application/json" } : {}) };
  let answer;
  try {
    answer = await fetch(`${API}/?${new URLSearchParams({ action, ...query })}`, { method, headers: sent, body: body && JSON.stringify(body) });
  } catch {
    throw new ApiError(0, { detail: t("server.silent") });
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, document);
  return document;
}
