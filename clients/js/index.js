// The client of `crm_api`: sessions, retries, idempotency keys, accepted writes followed to their end, uploads, and a queue
// that outlives the tab (queue.js; one request is request.js). No dependencies. Types: index.d.ts.

import { Queue } from "./queue.js";
import { answered, ApiError, halt, heard, inSeconds, isOurs, readable, sleep } from "./request.js";

export { ApiError };

/** @typedef {import("./index.js").ConnectOptions & { now?: () => number, pause?: typeof sleep }} Options `now` and `pause` are for tests. */
/** @typedef {import("./index.js").WriteOptions & { onTaken?: () => unknown }} WriteOptions */
/** @typedef {import("./index.js").Delivery} Delivery */
/** @typedef {import("./queue.js").Wish} Wish */
/** @typedef {number | string | null | undefined} Lead */
/** @typedef {{ method?: string, body?: Record<string, any>, query?: Record<string, any>, lead?: Lead, key?: string, signal?: AbortSignal, onUpload?: WriteOptions["onUpload"] }} Request */
/** @typedef {{ take: (lead: Lead, refused?: string) => Promise<string>, caller: () => Promise<unknown> }} Proof */

const TRIES = 5;
const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 30_000;
const LONGEST_RETRY_AFTER = 60; // seconds; a server that asks for more is not waited for
const FIRST_WATCH = 800; // most writes are over by then
const FIRST_LOOK = 1000; // at an accepted write
const LONGEST_LOOK = 30_000;
const RENEW_EARLY = 60_000; // before a session ends; a short one, in the middle of its life
// Writes that the server carries out once for each key; only these are repeated when nobody knows what became of them.
const KEYED = new Set(["book", "save_calculation", "submit_form", "submit_order", "sync_contact"]);
const PASSING = new Set([429, 502, 503, 504]);
// An administrator's headers that say for which account they act; claims of an application's token that say who it is for.
const ACCOUNT = new Set(["x-account-domain", "x-widget-type"]);
const CLAIMS = ["iss", "sub", "account_domain", "widget_type"];

/**
 * A connection to one installation, with one way to say who is asking.
 * @param {Options} options @returns {import("./index.js").Client}
 */
export function connect(options) {
  return methods(new Connection(options));
}

// `getLead` is the action `get_lead`. What is no action is the connection's own.
/** @param {Connection} connection */
function methods(connection) {
  const own = { on: 1, call: 1, resume: 1, waiting: 1, discard: 1, close: 1 };
  return /** @type {any} */ (new Proxy(connection, {
    get: (target, name) => {
      if (typeof name !== "string" || name === "then") return undefined;
      if (name in own) return target[/** @type {keyof typeof own} */ (name)].bind(target);
      const action = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return (/** @type {Record<string, any>} */ given, /** @type {WriteOptions} */ options) => target.call(action, given, options);
    },
  }));
}

class Connection {
  /** @type {Map<string, Set<(detail: any) => void>>} */ listeners = new Map();
  isClosed = false;

  /** @param {Options} options */
  constructor({ api, token, siteKey, widget, language, lead, caller, headers = {}, tries = TRIES, fetch: fetching, queue = false, now = () => Date.now(), pause = sleep }) {
    this.api = String(api).replace(/\/+$/, "");
    if (!widget && !siteKey && token === undefined) throw new TypeError("Give one of token, siteKey and widget.");
    /** @type {Proof} */
    this.proof = widget ? new Session(this, widget, Boolean(lead)) : siteKey ? new SiteKey(siteKey) : new Token(/** @type {NonNullable<Options["token"]>} */ (token));
    this.caller = caller;
    this.mayLook = !siteKey; // into deliveries
    this.language = language;
    this.headers = headers;
    this.tries = tries;
    this.lead = lead;
    this.hasOwnFetch = Boolean(fetching);
    this.fetch = fetching ?? ((/** @type {Parameters<typeof fetch>} */ ...given) => globalThis.fetch(...given));
    this.now = now;
    this.pause = pause;
    this.queue = queue ? new Queue(queue === true ? "amocrm-functions" : queue, this) : null;
    this.back = () => void this.resume().catch(() => null); // who is asking cannot be told now; a write says so
    if (!this.queue) return;
    globalThis.addEventListener?.("online", this.back);
    this.back();
  }

  /**
   * Events: `session` (a new one, or its end), `retry`, `queued`, `sent`, `failed`. Returns how to stop.
   * @param {string} name @param {(detail: any) => void} listener
   */
  on(name, listener) {
    const known = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, known.add(listener));
    return () => known.delete(listener);
  }

  /** @param {string} name @param {object} detail */
  tell(name, detail) {
    for (const listener of this.listeners.get(name) ?? []) heard(listener, detail);
  }

  /**
   * One action. `given`: the body of a write, or the query of a read. `options`: `lead`, `key`, `signal`, `onProgress`
   * (how far an accepted write is), `onUpload` (bytes sent), `follow: false` (do not wait for an accepted write).
   * @param {string} action @param {Record<string, any>} given @param {WriteOptions} options @returns {Promise<any>}
   */
  async call(action, given = {}, options = {}) {
    halt(options.signal);
    const isRead = action.startsWith("get_") || action === "connection_status";
    if (isRead) return this.patiently(action, () => this.ask(action, { query: given, ...options }), options);
    if (!KEYED.has(action)) return this.patiently(action, () => this.ask(action, { method: "POST", body: given, ...options }), { ...options, isKnown: true });
    const body = await readable(given);
    halt(options.signal);
    const wish = { action, body, lead: options.lead ?? this.lead ?? null, key: options.key ?? newKey() };
    // A visit that waits in a queue is not booked, so it does not go there.
    return options.queue === false || !this.queue || action === "book" ? this.write(wish, options) : this.queue.write(wish, options);
  }

  /** Tries what waits in the queue again; at the start and when the network is back it is done by itself. */
  async resume() {
    return this.queue?.flush();
  }

  /** How many writes of this caller wait in the queue. */
  async waiting() {
    return (await this.queue?.own())?.length ?? 0;
  }

  /** Takes a write out of the queue: it is not sent again. @param {string} key */
  async discard(key) {
    await this.queue?.remove(key);
  }

  close() {
    this.isClosed = true;
    this.queue?.close();
    globalThis.removeEventListener?.("online", this.back);
  }

  // Whose a write in the queue is: only the same caller, of the same account, on the same server sends it.
  async owner() {
    const caller = this.caller ?? (await this.proof.caller());
    if (caller === null) throw new TypeError("The queue has to know whose its writes are: give `caller`.");
    const named = Object.entries(this.headers).map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => ACCOUNT.has(name ?? ""));
    return JSON.stringify([this.api, caller, named.sort()]);
  }

  // A write with a key, to its end.
  /** @param {Wish} wish @param {WriteOptions} options @returns {Promise<Delivery>} */
  async write(wish, options = {}) {
    const { action, body, lead, key } = wish;
    const own = { ...options, method: "POST", body, lead, key };
    try {
      const sending = this.patiently(action, () => this.sure(action, own), own);
      let now = await (options.onProgress ? this.watched(action, sending, own) : sending);
      await options.onTaken?.();
      // What amoCRM has refused and is done all the same (a visit) waits for a person: to be asked again brings nothing.
      for (let tries = 0; now.state === "accepted" && !now.needs_a_person && options.follow !== false; tries += 1) {
        heard(options.onProgress, now, "accepted");
        await this.pause(Math.min(FIRST_LOOK * 2 ** tries, LONGEST_LOOK), options.signal);
        now = await this.look(action, now, own);
      }
      if (now.state === "dead") throw new ApiError(422, { code: "dead", ...now.problem, delivery_id: now.delivery_id });
      return now;
    } catch (error) {
      if (error instanceof ApiError) error.key = key;
      throw error;
    }
  }

  // A write whose answer was lost is looked for by its key; it was carried out, or is sent again.
  /** @param {string} action @param {Request & { key: string }} options @returns {Promise<Delivery>} */
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
  /** @param {string} action @param {Promise<Delivery>} sending @param {Pick<WriteOptions, "onProgress"> & Request & { key: string }} options */
  async watched(action, sending, options) {
    let isOver = false;
    const over = sending.finally(() => { isOver = true; });
    const watch = async () => {
      for (await this.pause(FIRST_WATCH); !isOver; await this.pause(FIRST_WATCH)) {
        const seen = await this.delivery({ write: action, key: options.key }, options).catch((error) => error);
        if (seen.state === "accepted" && !isOver) heard(options.onProgress, seen, "sending");
      }
    };
    if (this.mayLook) void watch();
    return over;
  }

  // How far it is. Who may not read deliveries (a site's key) sends the same write again: that is answered alike.
  /** @param {string} action @param {Delivery} before @param {Request} options @returns {Promise<Delivery>} */
  async look(action, before, options) {
    const looking = this.mayLook ? this.delivery({ id: before.delivery_id }, options) : this.ask(action, { ...options, onUpload: undefined });
    return looking.catch((error) => passing(error, before));
  }

  // A read about the same deal: what belongs to the write's own request, such as counting its bytes, is not this one's.
  /** @param {Record<string, string>} query @param {{ signal?: AbortSignal, lead?: Lead }} options @returns {Promise<Delivery>} */
  delivery(query, { signal, lead }) {
    return this.ask("get_delivery", { query, signal, lead });
  }

  // Again while it may pass. What was perhaps carried out (no answer; or a gateway's 503, which may have waited for one in
  // vain) is repeated only where that does nothing twice.
  /**
   * @template Result @param {string} action @param {() => Promise<Result>} asking
   * @param {{ signal?: AbortSignal, tries?: number, isKnown?: boolean }} options @returns {Promise<Result>}
   */
  async patiently(action, asking, { signal, tries = this.tries, isKnown = false }) {
    for (let count = 1; ; count += 1) {
      try {
        return await asking();
      } catch (error) {
        halt(signal);
        if (!(error instanceof ApiError)) throw error;
        const isRefused = error.status === 429 || (error.status === 503 && isOurs(error));
        const mayPass = error.status === 0 || PASSING.has(error.status);
        if (!mayPass || (isKnown && !isRefused) || count >= tries || (error.retryAfter ?? 0) > LONGEST_RETRY_AFTER) throw error;
        const wait = Math.max(Math.min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE) * (0.7 + Math.random() * 0.6), (error.retryAfter ?? 0) * 1000);
        this.tell("retry", { action, error, wait, count });
        await this.pause(wait, signal);
      }
    }
  }

  // One request. What has ended (a session, or the token of a function that makes them) is renewed once.
  /** @param {string} action @param {Request} options @returns {Promise<any>} */
  async ask(action, options) {
    halt(options.signal);
    /** @type {ApiError | null} */
    let problem = null;
    /** @type {string | undefined} */
    let refused;
    for (let turn = 0; turn < 2; turn += 1) {
      const token = await this.proof.take(options.lead === undefined ? this.lead : options.lead, refused);
      // There is no other; but a `fetch` of one's own may know one, and bytes are counted on another way.
      if (problem !== null && token === refused && !(options.onUpload && this.hasOwnFetch)) break;
      try {
        return await this.send(action, { ...options, token, onUpload: problem === null ? options.onUpload : undefined });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        [problem, refused] = [error, token];
      }
    }
    this.tell("session", { isOpen: false });
    throw problem;
  }

  /** @param {string} action @param {Request & { token: string }} request */
  async send(action, { method = "GET", body, query = {}, token, lead = this.lead, key, signal, onUpload }) {
    halt(signal);
    const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => [name, String(value)]));
    const url = `${this.api}/?${new URLSearchParams({ action, ...asked })}`;
    /** @type {Record<string, string>} */
    const sent = {
      ...this.headers,
      Authorization: `Bearer ${token}`,
      ...(this.language ? { "Accept-Language": this.language } : {}),
      ...(lead !== undefined && lead !== null ? { "X-Lead-Id": String(lead) } : {}),
      ...(key ? { "Idempotency-Key": key } : {}),
      ...(method === "POST" ? { "Content-Type": "application/json" } : {}),
    };
    const content = method === "POST" ? JSON.stringify(body ?? {}) : undefined;
    return answered({ url, method, headers: sent, content, signal, onUpload, fetch: this.fetch, now: this.now() });
  }
}

// Who is asking. `take(lead, refused)` gives the token for a request about that deal; `refused` is one that the server has
// just not taken, and the same once more means that there is no other. `caller()` says who that is, for as long as it is
// the same one, or null where nothing says so.
class SiteKey {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
  }

  async take() {
    return this.key;
  }

  async caller() {
    return this.key; // it is public
  }
}

class Token {
  /** @type {unknown} */ last = null; // who it was when that was asked before

  /** @param {NonNullable<Options["token"]>} token */
  constructor(token) {
    this.token = token;
  }

  /** @param {Lead} [_lead] @param {string} [refused] */
  async take(_lead, refused) {
    return typeof this.token === "function" ? this.token(refused) : this.token;
  }

  async caller() {
    try {
      this.last = claimed(await this.take());
    } catch (error) {
      if (this.last === null) throw error; // else: no network for a new token, and the same connection as before
    }
    return this.last;
  }
}

// Inside amoCRM: `widget` is the widget's `this`, whose $authorizedAjax brings amoCRM's one-time token. It opens a session:
// of one deal where the connection has one (then each deal has its own), else of none.
/** @typedef {{ token: string, renewAt: number }} Opened */

class Session {
  /** @type {Map<string, Promise<Opened>>} */ opened = new Map(); // by deal

  /** @param {Connection} connection @param {import("./index.js").Widget} widget @param {boolean} isBound */
  constructor(connection, widget, isBound) {
    this.connection = connection;
    this.widget = widget;
    this.isBound = isBound;
  }

  /** @param {Lead} about @param {string} [refused] */
  async take(about, refused) {
    const lead = this.isBound ? String(about ?? "") : "";
    const known = this.opened.get(lead);
    if (known) {
      const { token, renewAt } = await known;
      if (token !== refused && this.connection.now() < renewAt) return token;
      // Only that one: a neighbour may have opened another meanwhile.
      if (this.opened.get(lead) === known) {
        this.opened.delete(lead);
        if (token === refused) this.connection.tell("session", { isOpen: false });
      }
    }
    let opening = this.opened.get(lead);
    if (!opening) {
      const mine = opening = this.open(lead);
      this.opened.set(lead, mine);
      mine.catch(() => this.opened.get(lead) === mine && this.opened.delete(lead));
    }
    return (await opening).token; // however soon it ends
  }

  async caller() {
    // vendor: widget.system (production) A widget's system() names the account (subdomain) and the user (amouser_id).
    // source: amoCRM's documentation, "script.js of a widget"; public widgets that send both to their own servers
    const { subdomain, amouser_id: user } = this.widget.system?.() ?? {};
    return subdomain && user ? [String(subdomain), String(user)] : null;
  }

  /** @param {string} lead @returns {Promise<Opened>} */
  open(lead) {
    const { connection } = this;
    return new Promise((resolve, reject) => {
      this.widget.$authorizedAjax({
        url: `${connection.api}/?action=open_session`,
        method: "POST",
        contentType: "application/json",
        dataType: "json",
        data: JSON.stringify(lead ? { lead_id: Number(lead) } : {}),
      }).done(({ session_token: token, expires_in: seconds }) => {
        const lasts = seconds * 1000;
        resolve({ token, renewAt: connection.now() + lasts - Math.min(RENEW_EARLY, lasts / 2) });
        connection.tell("session", { isOpen: true });
      }).fail((answer) => {
        reject(new ApiError(answer?.status ?? 0, answer?.responseJSON ?? {}, inSeconds(answer?.getResponseHeader?.("Retry-After"), connection.now())));
        if (answer?.status === 401) connection.tell("session", { isOpen: false }); // else it may be opened later
      });
    });
  }
}

// The claims of a JWT that say who its bearer is; null where it is none, or says nothing.
/** @param {string} token */
function claimed(token) {
  try {
    const claims = JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
    const said = CLAIMS.map((name) => claims[name] ?? null);
    return said.some((one) => one !== null) ? said : null;
  } catch {
    return null;
  }
}

/** @param {unknown} error @param {Delivery} before */
function passing(error, before) {
  if (error instanceof ApiError && (error.status === 0 || PASSING.has(error.status))) return before; // offline for a moment
  throw error;
}

/** A key for one write; the same key again is the same write. */
export function newKey() {
  if (/** @type {Partial<Crypto>} */ (crypto).randomUUID) return crypto.randomUUID(); // in secure contexts only
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
