// The client of `crm_api`: sessions, retries, idempotency keys, accepted writes followed to their end, uploads, and a queue
// that outlives the tab. No dependencies. Types: index.d.ts.

const TRIES = 5;
const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 30_000;
const LONGEST_RETRY_AFTER = 60; // seconds; a server that asks for more is not waited for
const FIRST_WATCH = 800; // most writes are over by then
const FIRST_LOOK = 1000; // at an accepted write
const LONGEST_LOOK = 30_000;
const RENEW_EARLY = 60_000; // before a session ends
// Writes that the server carries out once for each key; only these are repeated when nobody knows what became of them.
const KEYED = new Set(["book", "save_calculation", "submit_form", "submit_order", "sync_contact"]);
const PASSING = new Set([429, 502, 503, 504]);

/** What the server, or the way to it, answered instead of a good answer. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    const errors = (problem.errors ?? []).map(({ path, detail }) => (path ? `${path}: ${detail}` : detail));
    super(errors.length ? errors.join("\n") : problem.detail ?? (status ? `The server answered ${status}.` : "The server does not answer."));
    this.name = "ApiError";
    this.status = status; // 0: there was no answer
    this.code = problem.code ?? (status ? "unknown" : "network");
    this.problem = problem;
    this.retryAfter = problem.retry_after ?? null; // seconds
    this.key = null; // of the write, so that it can be sent again as the same
  }
}

/** A connection to one installation, with one way to say who is asking. */
export function connect(options) {
  return methods(new Connection(options));
}

// `getLead` is the action `get_lead`. What is no action is the connection's own: on, resume, waiting, close.
function methods(connection) {
  const own = { on: 1, call: 1, resume: 1, waiting: 1, close: 1 };
  return new Proxy(connection, {
    get: (target, name) => {
      if (typeof name !== "string" || name === "then") return undefined;
      if (name in own) return target[name].bind(target);
      const action = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return (given, options) => target.call(action, given, options);
    },
  });
}

class Connection {
  constructor({ api, token, siteKey, widget, language, lead, headers = {}, tries = TRIES, fetch: fetching, queue = null, now = () => Date.now(), pause = sleep }) {
    this.api = String(api).replace(/\/+$/, "");
    this.proof = widget ? new Session(this, widget, lead) : { headers: async () => ({ Authorization: `Bearer ${siteKey ?? (typeof token === "function" ? await token() : token)}` }) };
    if (!widget && !siteKey && token === undefined) throw new TypeError("Give one of token, siteKey and widget.");
    this.mayLook = !siteKey; // into deliveries
    this.language = language;
    this.headers = headers;
    this.tries = tries;
    this.lead = lead;
    this.fetch = fetching ?? ((...given) => globalThis.fetch(...given));
    this.now = now;
    this.pause = pause;
    this.listeners = new Map();
    this.queue = queue ? new Queue(queue === true ? "amocrm-functions" : queue, this) : null;
    this.back = () => void this.resume();
    globalThis.addEventListener?.("online", this.back);
    if (this.queue) void this.resume();
  }

  /** Events: `session` (a new one, or its end), `retry`, `queued`, `sent`, `failed`. Returns how to stop. */
  on(name, listener) {
    const known = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, known.add(listener));
    return () => known.delete(listener);
  }

  tell(name, detail) {
    for (const listener of this.listeners.get(name) ?? []) listener(detail);
  }

  /**
   * One action. `given`: the body of a write, or the query of a read. `options`: `lead`, `key`, `signal`, `onProgress`
   * (how far an accepted write is), `onUpload` (bytes sent), `follow: false` (do not wait for an accepted write).
   */
  async call(action, given = {}, options = {}) {
    const isRead = action.startsWith("get_") || action === "connection_status";
    if (isRead) return this.patiently(action, () => this.ask(action, { query: given, ...options }), options);
    if (!KEYED.has(action)) return this.patiently(action, () => this.ask(action, { method: "POST", body: given, ...options }), { ...options, isKnown: true });
    const body = await readable(given);
    const wish = { action, body, lead: options.lead ?? this.lead, key: options.key ?? newKey() };
    // A visit that waits in a queue is not booked, so it does not go there.
    return options.queue === false || !this.queue || action === "book" ? this.write(wish, options) : this.queue.write(wish, options);
  }

  /** Tries what waits in the queue again; at the start and when the network is back it is done by itself. */
  async resume() {
    return this.queue?.flush();
  }

  /** How many writes wait in the queue. */
  async waiting() {
    return (await this.queue?.all())?.length ?? 0;
  }

  close() {
    globalThis.removeEventListener?.("online", this.back);
  }

  // A write with a key, to its end.
  async write(wish, options = {}) {
    const { action, body, lead, key } = wish;
    try {
      const sending = this.patiently(action, () => this.sure(action, { method: "POST", body, lead, key, ...options }), options);
      let now = await (options.onProgress ? this.watched(action, key, sending, options) : sending);
      for (let tries = 0; now.state === "accepted" && options.follow !== false; tries += 1) {
        options.onProgress?.(now, "accepted");
        await this.pause(Math.min(FIRST_LOOK * 2 ** tries, LONGEST_LOOK), options.signal);
        now = await this.look(action, now, key, body, lead, options);
      }
      if (now.state === "dead") throw new ApiError(422, { code: "dead", ...now.problem, delivery_id: now.delivery_id });
      return now;
    } catch (error) {
      if (error instanceof ApiError) error.key = key;
      throw error;
    }
  }

  // A write whose answer was lost is looked for by its key; it was carried out, or is sent again.
  async sure(action, options) {
    try {
      return await this.ask(action, options);
    } catch (error) {
      if (!this.mayLook || !(error instanceof ApiError) || (error.status > 0 && error.status < 500)) throw error;
      const seen = await this.delivery({ write: action, key: options.key }, options).catch(() => null);
      if (seen === null) throw error;
      return seen;
    }
  }

  // While the first answer takes its time: the write is there by its key, and how far it is.
  async watched(action, key, sending, options) {
    let isOver = false;
    const over = sending.finally(() => { isOver = true; });
    const watch = async () => {
      for (await this.pause(FIRST_WATCH); !isOver; await this.pause(FIRST_WATCH)) {
        const seen = await this.delivery({ write: action, key }, options).catch((error) => error);
        if (seen.state === "accepted" && !isOver) options.onProgress(seen, "sending");
      }
    };
    if (this.mayLook) void watch();
    return over;
  }

  // How far it is. Who may not read deliveries (a site's key) sends the same write again: that is answered alike.
  async look(action, before, key, body, lead, options) {
    const looking = this.mayLook ? this.delivery({ id: before.delivery_id }, options) : this.ask(action, { method: "POST", body, lead, key, ...options });
    return looking.catch((error) => passing(error, before));
  }

  // A read: what belongs to the write's own request, such as counting its bytes, is not this one's.
  delivery(query, { signal }) {
    return this.ask("get_delivery", { query, signal });
  }

  // Again while it may pass. What was perhaps carried out (no answer) is repeated only where that does nothing twice.
  async patiently(action, asking, { signal, tries = this.tries, isKnown = false }) {
    for (let count = 1; ; count += 1) {
      try {
        return await asking();
      } catch (error) {
        if (!(error instanceof ApiError) || signal?.aborted) throw error;
        const isRefused = error.status === 429 || error.status === 503;
        const mayPass = error.status === 0 || PASSING.has(error.status);
        if (!mayPass || (isKnown && !isRefused) || count >= tries || (error.retryAfter ?? 0) > LONGEST_RETRY_AFTER) throw error;
        const wait = Math.max(Math.min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE) * (0.7 + Math.random() * 0.6), (error.retryAfter ?? 0) * 1000);
        this.tell("retry", { action, error, wait, count });
        await this.pause(wait, signal);
      }
    }
  }

  // One request. A session that has ended is renewed once.
  async ask(action, options) {
    const wasOpen = this.proof.isOpen?.() ?? false;
    try {
      return await this.send(action, { ...options, headers: await this.proof.headers() });
    } catch (error) {
      if (error.status === 401) this.tell("session", { isOpen: false });
      if (error.status !== 401 || !wasOpen) throw error;
      this.proof.renew();
      return this.send(action, { ...options, headers: await this.proof.headers() });
    }
  }

  async send(action, { method = "GET", body, query = {}, headers, lead = this.lead, key, signal, onUpload }) {
    const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => [name, String(value)]));
    const url = `${this.api}/?${new URLSearchParams({ action, ...asked })}`;
    const sent = {
      ...this.headers,
      ...headers,
      ...(this.language ? { "Accept-Language": this.language } : {}),
      ...(lead !== undefined && lead !== null ? { "X-Lead-Id": String(lead) } : {}),
      ...(key ? { "Idempotency-Key": key } : {}),
      ...(method === "POST" ? { "Content-Type": "application/json" } : {}),
    };
    const content = method === "POST" ? JSON.stringify(body ?? {}) : undefined;
    let status, text;
    try {
      if (onUpload && typeof XMLHttpRequest !== "undefined") [status, text] = await uploaded(url, sent, content, onUpload, signal);
      else {
        const answer = await this.fetch(url, { method, headers: sent, body: content, signal });
        [status, text] = [answer.status, await answer.text()];
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason ?? error;
      throw new ApiError(0);
    }
    const document = parsed(text);
    if (status < 200 || status >= 300) throw new ApiError(status, document ?? {});
    if (document === null) throw new ApiError(502, { code: "not_json", detail: "The answer is not from crm_api." });
    return document;
  }
}

// Inside amoCRM: `widget` is the widget's `this`, whose $authorizedAjax brings amoCRM's one-time token. It opens a session.
class Session {
  constructor(connection, widget, lead) {
    this.connection = connection;
    this.widget = widget;
    this.lead = lead;
    this.opened = null; // {token, endsAt}, or what it will be
  }

  isOpen() {
    return this.opened !== null;
  }

  renew() {
    this.opened = null;
  }

  async headers() {
    this.opened ??= this.open().catch((error) => {
      this.opened = null;
      throw error;
    });
    const { token, endsAt } = await this.opened;
    if (this.connection.now() > endsAt - RENEW_EARLY) {
      this.opened = null;
      return this.headers();
    }
    return { Authorization: `Bearer ${token}` };
  }

  open() {
    const { connection } = this;
    return new Promise((resolve, reject) => {
      this.widget.$authorizedAjax({
        url: `${connection.api}/?action=open_session`,
        method: "POST",
        contentType: "application/json",
        dataType: "json",
        data: JSON.stringify(this.lead === undefined ? {} : { lead_id: Number(this.lead) }),
      }).done(({ session_token: token, expires_in: seconds }) => {
        connection.tell("session", { isOpen: true });
        resolve({ token, endsAt: connection.now() + seconds * 1000 });
      }).fail((answer) => {
        connection.tell("session", { isOpen: false });
        reject(new ApiError(answer?.status ?? 0, answer?.responseJSON ?? {}));
      });
    });
  }
}

// Writes that outlive the tab: kept before they are sent, taken out when their answer is final. Tabs share it; each write has
// its key, so that two who send the same one do nothing twice. Where there is no storage, they are sent and not kept.
class Queue {
  constructor(name, connection) {
    this.name = name;
    this.connection = connection;
    this.memory = new Map(); // under way in this tab
  }

  async write(wish, options) {
    await this.put({ ...wish, at: this.connection.now() });
    this.connection.tell("queued", { key: wish.key, action: wish.action });
    return this.send(wish, options);
  }

  async send(wish, options = {}) {
    this.memory.set(wish.key, wish);
    try {
      const answer = await this.connection.write(wish, options);
      await this.remove(wish.key);
      this.connection.tell("sent", { key: wish.key, action: wish.action, answer });
      return answer;
    } catch (error) {
      // Only what the server has refused for good is given up; the rest is sent again later, with the same key.
      const isFinal = error instanceof ApiError && error.status >= 400 && error.status < 500 && ![401, 408, 429].includes(error.status);
      if (isFinal) await this.remove(wish.key);
      this.connection.tell("failed", { key: wish.key, action: wish.action, error, isFinal });
      throw error;
    } finally {
      this.memory.delete(wish.key);
    }
  }

  // One tab at a time, the oldest first; what another tab is sending at this moment is answered alike.
  async flush() {
    const work = async () => {
      for (const wish of await this.all()) {
        if (!this.memory.has(wish.key)) await this.send(wish).catch(() => null);
      }
    };
    if (globalThis.navigator?.locks) return navigator.locks.request(`${this.name}-queue`, { ifAvailable: true }, (lock) => (lock ? work() : null));
    return work();
  }

  async all() {
    return (await this.stored("readonly", (store) => store.getAll()))?.sort((one, other) => one.at - other.at) ?? [];
  }

  put(wish) {
    return this.stored("readwrite", (store) => store.put(wish));
  }

  remove(key) {
    return this.stored("readwrite", (store) => store.delete(key));
  }

  // null where the browser gives no storage: a private window, or one in a frame of another site.
  async stored(mode, work) {
    try {
      const database = await opened(this.name);
      try {
        return await settled(work(database.transaction("writes", mode).objectStore("writes")));
      } finally {
        database.close();
      }
    } catch {
      return null;
    }
  }
}

function opened(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("writes", { keyPath: "key" });
  return settled(request);
}

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function uploaded(url, headers, content, onUpload, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onUpload({ sent: loaded, total });
    request.onload = () => resolve([request.status, request.responseText]);
    request.onerror = reject;
    request.onabort = reject;
    signal?.addEventListener("abort", () => request.abort());
    request.send(content);
  });
}

// A file in the body goes as the server wants it: `pdf: file` becomes {filename, content_base64}.
async function readable(body) {
  const { pdf } = body;
  if (typeof Blob === "undefined" || !(pdf instanceof Blob)) return body;
  const bytes = new Uint8Array(await pdf.arrayBuffer());
  let text = "";
  for (let place = 0; place < bytes.length; place += 0x8000) text += String.fromCharCode(...bytes.subarray(place, place + 0x8000));
  return { ...body, pdf: { filename: pdf.name ?? "quotation.pdf", content_base64: btoa(text) } };
}

function parsed(text) {
  try {
    const document = JSON.parse(text);
    return document && typeof document === "object" ? document : null;
  } catch {
    return null;
  }
}

function passing(error, before) {
  if (error instanceof ApiError && (error.status === 0 || PASSING.has(error.status))) return before; // offline for a moment
  throw error;
}

/** A key for one write; the same key again is the same write. */
export function newKey() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
