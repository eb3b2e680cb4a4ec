// What asks a server again and again: which of the answers counts, and when to ask.

// The same work, which knows whether it `isIdle()`: what asks by itself does so only then. A server that is slower than its
// clock would else be asked more and more, and none of its answers be the latest.
/** @template {unknown[]} Given @template Result @param {(...given: Given) => Promise<Result> | Result} work */
export function counted(work) {
  let running = 0;
  const run = async (/** @type {Given} */ ...given) => {
    running += 1;
    try {
      return await work(...given);
    } finally {
      running -= 1;
    }
  };
  return Object.assign(run, { isIdle: () => running === 0 });
}

// `begin()` says of every answer whether another question was asked since: the latest question has the last word.
export function latest() {
  let turn = 0;
  return () => {
    const mine = ++turn;
    return () => mine !== turn;
  };
}

const PAUSE_MILLISECONDS = 300;

// The same work, once, after somebody has stopped typing.
/** @param {() => unknown} work */
export function afterTyping(work, milliseconds = PAUSE_MILLISECONDS) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, milliseconds);
  };
}
