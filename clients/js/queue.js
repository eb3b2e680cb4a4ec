// Writes that outlive the tab: kept before they are sent, taken out when the server has them, has refused them for good, or
// when they are cancelled. Each is its owner's (server, account, caller), and only the owner's connections send it. Tabs share
// the storage; each write has its key, so that two who send the same one do nothing twice. Where there is no storage, they
// are sent and not kept.

import { isOurs } from "./request.js";

/** @typedef {import("./index.js").WriteOptions & { onTaken?: () => unknown }} Options */
/**
 * @typedef {object} Wish A write, as it is sent; `key` makes it the same one whenever it is.
 * @property {string} key
 * @property {string} action
 * @property {Record<string, any>} body
 * @property {number | string | null} lead
 */
/** @typedef {Wish & { owner: string, at: number }} Kept */
/**
 * @typedef {object} Connection What a queue needs of its connection.
 * @property {() => Promise<string>} owner
 * @property {() => number} now
 * @property {(name: string, detail: object) => void} tell
 * @property {(wish: Wish, options: Options) => Promise<any>} write
 * @property {() => void} back
 * @property {boolean} [isClosed]
 */

// What may pass, or says nothing of the write: then it stays. Of a write that was kept, that is also what the server says of
// who has sent it this time, and of a connection that does not work at the moment: nobody is there to send it anew.
const LATER = new Set([401, 408, 425, 429]);
const TOO_LARGE = 413;
const LATER_IF_KEPT = new Set([402, 403, "not_connected", "reauth_required", "unknown_connection"]);
const AGAIN = 60_000; // milliseconds; the network tells when it is back, a server does not

export class Queue {
  /** @type {Set<string>} */ busy = new Set(); // keys of what this tab is sending
  /** @type {ReturnType<typeof setTimeout> | undefined} */ timer; // until all of it is tried again

  /** @param {string} name @param {Connection} connection */
  constructor(name, connection) {
    this.name = name;
    this.connection = connection;
  }

  close() {
    clearTimeout(this.timer);
  }

  /** @param {Wish} wish @param {Options} options @returns {Promise<any>} */
  async write(wish, options) {
    const kept = { ...wish, owner: await this.connection.owner(), at: this.connection.now() };
    return this.alone(wish.key, true, async () => {
      const isKept = !options.signal?.aborted && (await this.put(kept)) !== null;
      if (isKept) this.connection.tell("queued", { key: wish.key, action: wish.action });
      return this.send(kept, options);
    });
  }

  /** @param {Kept} wish @param {Options} options */
  async send(wish, options, isLater = false) {
    const { key, action } = wish;
    this.busy.add(key);
    try {
      // What the server has accepted is the server's to finish: nobody needs to send it again.
      const answer = await this.connection.write(wish, { ...options, onTaken: () => this.remove(key) });
      this.connection.tell("sent", { key, action, answer });
      return answer;
    } catch (error) {
      // Only what the server has refused for good, and what is not wanted any more, is given up; the rest is sent again
      // later, with the same key.
      const isFinal = Boolean(options.signal?.aborted) || isRefused(error, isLater);
      if (isFinal) await this.remove(key);
      else if (mayPass(error)) this.timer ??= setTimeout(() => { this.timer = undefined; this.connection.back(); }, AGAIN);
      this.connection.tell("failed", { key, action, error, isFinal });
      throw error;
    } finally {
      this.busy.delete(key);
    }
  }

  // The oldest first, and none of them waits for another one's end: an accepted one is not followed.
  async flush() {
    for (const { key } of await this.own()) {
      if (this.connection.isClosed) return;
      if (!this.busy.has(key)) await this.alone(key, false, () => this.again(key));
    }
  }

  // It may have been sent by another tab, or cancelled, since it was listed; and who is asking may be another one.
  /** @param {string} key */
  async again(key) {
    /** @type {Kept | null | undefined} */
    const wish = await this.stored("readonly", (store) => store.get(key));
    if (wish && wish.owner === (await this.connection.owner())) await this.send(wish, { follow: false }, true).catch(() => null);
  }

  // One tab at a time for each write. `always`: also while another tab is at it, as where the browser gives no locks.
  /** @template Result @param {string} key @param {boolean} always @param {() => Promise<Result>} work @returns {Promise<Result | null>} */
  async alone(key, always, work) {
    let isAsked = false;
    try {
      return await navigator.locks.request(`${this.name} ${key}`, { ifAvailable: true }, (lock) => {
        isAsked = true;
        return lock || always ? work() : null;
      });
    } catch (error) {
      if (isAsked) throw error;
      return work();
    }
  }

  /** Those of this connection's caller. */
  async own() {
    const owner = await this.connection.owner();
    /** @type {Kept[]} */
    const all = (await this.stored("readonly", (store) => store.getAll())) ?? [];
    return all.filter((wish) => wish.owner === owner).sort((one, other) => one.at - other.at);
  }

  /** @param {Kept} wish */
  put(wish) {
    return this.stored("readwrite", (store) => store.put(wish));
  }

  /** @param {string} key */
  remove(key) {
    return this.stored("readwrite", (store) => store.delete(key));
  }

  // null where the browser gives no storage: a private window, or one in a frame of another site.
  /** @template Result @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<Result>} work */
  async stored(mode, work) {
    try {
      const database = await opened(this.name);
      try {
        const transaction = database.transaction("writes", mode);
        const [result] = await Promise.all([settled(work(transaction.objectStore("writes"))), completed(transaction)]);
        return result;
      } finally {
        database.close();
      }
    } catch {
      return null;
    }
  }
}

// For good. Only crm_api itself does that, and a gateway to what is too large for it.
/** @param {unknown} error @param {boolean} isLater */
function isRefused(error, isLater) {
  const { status, code } = /** @type {import("./index.js").ApiError} */ (error);
  if (!(status >= 400 && status < 500) || LATER.has(status)) return false;
  if (!isOurs(error)) return status === TOO_LARGE;
  return !isLater || !(LATER_IF_KEPT.has(status) || LATER_IF_KEPT.has(code));
}

// By itself, and not only when somebody else asks.
/** @param {unknown} error */
function mayPass(error) {
  const { status } = /** @type {import("./index.js").ApiError} */ (error);
  return !isOurs(error) || status >= 500 || status === 429;
}

/** @param {string} name */
function opened(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("writes", { keyPath: "key" });
  return settled(request);
}

// Only then is it on the disk; a full one says so at the very end.
/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const completed = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
});

/** @template Result @param {IDBRequest<Result>} request @returns {Promise<Result>} */
const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
