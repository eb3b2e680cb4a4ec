// What was there before each change, to go back to and forth again. What is typed in one go in one place is one step.

const MOST = 50;
const ONE_GO_MILLISECONDS = 1500;

// `now`: the first state, a text. `changed(text, place)` after a change; `back()` and `forth()` give the state to show.
/** @param {string} now */
export function steps(now) {
  /** @type {string[]} */
  let before = [];
  /** @type {string[]} */
  let after = [];
  /** @type {{ place: string | null, at: number }} */
  let last = { place: null, at: 0 };
  const walk = (/** @type {string[]} */ from, /** @type {string[]} */ to) => {
    to.push(now);
    now = from.pop() ?? now;
    last = { place: null, at: 0 };
    return now;
  };
  return {
    now: () => now,
    changed(/** @type {string} */ text, /** @type {string | null} */ place = null) {
      const isOneGo = place !== null && place === last.place && Date.now() - last.at < ONE_GO_MILLISECONDS;
      if (!isOneGo) before = [...before, now].slice(-MOST);
      after = [];
      now = text;
      last = { place, at: Date.now() };
    },
    canBack: () => before.length > 0,
    canForth: () => after.length > 0,
    back: () => walk(before, after),
    forth: () => walk(after, before),
  };
}
