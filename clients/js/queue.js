// Writes that outlive the tab: kept before they are sent, taken out when the server has them, has refused them for good, or
// when they are cancelled. Each is its owner's (server, account, caller), and only the owner's connections send it. Tabs share
// the storage; each write has its key, so that two who send the same one do nothing twice. Where there is no storage, they
// are sent and not kept.

import { isOurs } from "./request.js";

// What may pass, or says nothing of the write: then it stays. Of a write that was kept, that is also what the server says of
// who has sent it this time, and of a connection that does not work at the moment: nobody is there to send it anew.
const LATER = new Set([401, 408, 425, 429]);
const TOO_LARGE = 413;
const LATER_IF_KEPT = new Set([402, 403, "not_connected", "reauth_required", "unknown_connection"]);
const AGAIN = 60_000; // milliseconds; the network tells when it is back, a server does not

export class Queue {
  constructor(name, connection) {
    this.name = name;
    this.connection = connection;
    this.busy = new Set(); // keys of what this tab is sending
    this.timer = null; // until all of it is tried again
  }

  close() {
    clearTimeout(this.timer);
  }

  async write(wish, options) {
    const kept = { ...wish, owner: await this.connection.owner(), at: this.connection.now() };
    return this.alone(wish.key, true, async () => {
      const isKept = !options.signal?.aborted && (await this.put(kept)) !== null;
      if (isKept) this.connection.tell("queued", { key: wish.key, action: wish.action });
      return this.send(kept, options);
    });
  }

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
      else if (mayPass(error)) this.timer ??= setTimeout(() => { this.timer = null; this.connection.back(); }, AGAIN);
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
  async again(key) {
    const wish = await this.stored("readonly", (store) => store.get(key));
    if (wish && wish.owner === (await this.connection.owner())) await this.send(wish, { follow: false }, true).catch(() => null);
  }

  // One tab at a time for each write. `always`: also while another tab is at it, as where the browser gives no locks.
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
    const all = (await this.stored("readonly", (store) => store.getAll())) ?? [];
    return all.filter((wish) => wish.owner === owner).sort((one, other) => one.at - other.at);
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
function isRefused(error, isLater) {
  const { status, code } = error;
  if (!(status >= 400 && status < 500) || LATER.has(status)) return false;
  if (!isOurs(error)) return status === TOO_LARGE;
  return !isLater || !(LATER_IF_KEPT.has(status) || LATER_IF_KEPT.has(code));
}

// By itself, and not only when somebody else asks.
const mayPass = (error) => !isOurs(error) || error.status >= 500 || error.status === 429;

function opened(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("writes", { keyPath: "key" });
  return settled(request);
}

// Only then is it on the disk; a full one says so at the very end.
const completed = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = resolve;
  transaction.onabort = () => reject(transaction.error);
});

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
