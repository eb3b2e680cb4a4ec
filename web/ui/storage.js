// What a page keeps in this browser. Where that is blocked (a setting, a private window, a frame of another site) or
// full, it is kept for as long as the page is open.

/** @param {"sessionStorage" | "localStorage"} name */
function area(name) {
  /** @type {Map<string, string>} */
  const memory = new Map();
  const storage = () => globalThis[name]; // looking at it throws already, where it is blocked
  /** @template Result @param {(stored: Storage) => Result} work @param {Result} otherwise */
  const tried = (work, otherwise) => {
    try { return work(storage()); } catch { return otherwise; }
  };
  return {
    /** @param {string} key @returns {string | null} */
    get: (key) => memory.get(key) ?? tried((stored) => stored.getItem(key), null),
    /** Whether it outlives the page. @param {string} key @param {string} value */
    set: (key, value) => {
      memory.delete(key);
      if (tried((stored) => { stored.setItem(key, value); return true; }, false)) return true;
      memory.set(key, value);
      return false;
    },
    /** @param {string} key */
    remove: (key) => {
      memory.delete(key);
      tried((stored) => stored.removeItem(key), undefined);
    },
    keys: () => [...new Set([...memory.keys(), ...tried((stored) => Object.keys(stored), /** @type {string[]} */ ([]))])],
  };
}

export const ofTab = area("sessionStorage");
export const ofBrowser = area("localStorage");
