// One request of the client and its answer: a document, or an ApiError.

/** @typedef {import("./index.js").Problem} Problem */
/** @typedef {{ sent: number, total: number }} Uploaded */
/**
 * @typedef {object} Asking
 * @property {string} url
 * @property {string} method
 * @property {Record<string, string>} headers
 * @property {string} [content]
 * @property {AbortSignal} [signal]
 * @property {(progress: Uploaded) => void} [onUpload]
 * @property {typeof globalThis.fetch} fetch
 * @property {number} now Milliseconds.
 */

/** What the server, or the way to it, answered instead of a good answer. */
export class ApiError extends Error {
  /** @type {string | null} */ key = null; // of the write, so that it can be sent again as the same

  /** @param {number} status @param {Problem} [problem] @param {number | null} [retryAfter] */
  constructor(status, problem = {}, retryAfter = null) {
    const errors = (Array.isArray(problem.errors) ? problem.errors : []).map(({ path, detail }) => (path ? `${path}: ${detail}` : detail));
    super(errors.length ? errors.join("\n") : problem.detail ?? (status ? `The server answered ${status}.` : "The server does not answer."));
    this.name = "ApiError";
    this.status = status; // 0: there was no answer
    this.code = problem.code ?? (status ? "unknown" : "network");
    this.problem = problem;
    this.retryAfter = problem.retry_after ?? retryAfter; // seconds
  }
}

// Whether crm_api itself has said so: its problems have a code. What is between (a gateway, a network that wants a login)
// knows neither what became of a request, nor what is wrong with it.
/** @param {unknown} error */
export const isOurs = (error) => typeof (/** @type {Partial<ApiError>} */ (error)).problem?.code === "string";

/** @param {Asking} asking Throws ApiError; whoever has cancelled by `signal` gets their own reason. */
export async function answered({ url, method, headers, content, signal, onUpload, fetch: fetching, now }) {
  let status, text, later;
  try {
    if (onUpload && typeof XMLHttpRequest !== "undefined") [status, text, later] = await uploaded(url, headers, content, onUpload, signal);
    else {
      const answer = await fetching(url, { method, headers, body: content, signal });
      [status, text, later] = [answer.status, await answer.text(), answer.headers?.get("Retry-After")];
    }
  } catch {
    halt(signal);
    throw new ApiError(0);
  }
  const document = parsed(text);
  if (status < 200 || status >= 300) throw new ApiError(status, document ?? {}, inSeconds(later, now));
  if (document === null) throw new ApiError(502, { code: "not_json", detail: "The answer is not from crm_api." });
  return document;
}

/**
 * @param {string} url @param {Record<string, string>} headers @param {string | undefined} content
 * @param {(progress: Uploaded) => void} onUpload @param {AbortSignal} [signal]
 * @returns {Promise<[number, string, string | null]>}
 */
function uploaded(url, headers, content, onUpload, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onUpload({ sent: loaded, total });
    request.onload = () => resolve([request.status, request.responseText, request.getResponseHeader("Retry-After")]);
    request.onerror = request.onabort = reject;
    request.onloadend = () => signal?.removeEventListener("abort", stop);
    signal?.addEventListener("abort", stop);
    request.send(content);
  });
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    const document = JSON.parse(text);
    return document && typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}

// A file in the body goes as the server wants it: `pdf: file` becomes {filename, content_base64}.
/** @param {Record<string, any>} body */
export async function readable(body) {
  const { pdf } = body;
  if (typeof Blob === "undefined" || !(pdf instanceof Blob)) return body;
  const bytes = new Uint8Array(await pdf.arrayBuffer());
  let text = "";
  for (let place = 0; place < bytes.length; place += 0x8000) text += String.fromCharCode(...bytes.subarray(place, place + 0x8000));
  return { ...body, pdf: { filename: /** @type {File} */ (pdf).name ?? "quotation.pdf", content_base64: btoa(text) } };
}

// The header `Retry-After`, a number of seconds or a date; null where it says nothing.
/** @param {string | null | undefined} header @param {number} now Milliseconds. */
export function inSeconds(header, now) {
  if (!header) return null;
  const seconds = Number.isNaN(Number(header)) ? (Date.parse(header) - now) / 1000 : Number(header);
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

// What a listener throws is its own, and told as such; what was done stays done.
/** @template {unknown[]} Told @param {((...told: Told) => void) | undefined} listener @param {Told} told */
export function heard(listener, ...told) {
  try {
    listener?.(...told);
  } catch (error) {
    if (globalThis.reportError) globalThis.reportError(error);
    else console.error(error);
  }
}

// Whoever has cancelled gets their own reason, and nothing is sent any more.
/** @param {AbortSignal} [signal] */
export function halt(signal) {
  if (signal?.aborted) throw signal.reason ?? new DOMException("Cancelled.", "AbortError");
}

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      try { halt(signal); } catch (reason) { reject(reason); }
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
  });
}
