// What asks a server again and again: which of the answers counts, and when to ask.

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
export function afterTyping(work, milliseconds = PAUSE_MILLISECONDS) {
  let waiting = null;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, milliseconds);
  };
}
