// An entry of a list is carried to another place by its handle, with a mouse or a finger. (With the keyboard its arrows do.)

// `handle` was pressed, and has the pointer; `rows` are the list's, in order, `from` is the one of the handle. Resolves with the place where it was
// let go; with null where nothing came of it.
/** @param {PointerEvent} pressed @param {HTMLElement} handle @param {HTMLElement[]} rows @param {number} from */
export function carried(pressed, handle, rows, from) {
  if (!handle.hasPointerCapture(pressed.pointerId)) return Promise.resolve(null); // let go while this came
  const row = rows[from];
  row.classList.add("carried");
  let to = from;
  const mark = (/** @type {number} */ place) => {
    to = place;
    for (const [index, one] of rows.entries()) {
      one.classList.toggle("before", index === place && place < from);
      one.classList.toggle("after", index === place && place > from);
    }
  };
  const middle = (/** @type {HTMLElement} */ one) => {
    const { top, height } = one.getBoundingClientRect();
    return top + height / 2;
  };
  return new Promise((resolve) => {
    const stop = new AbortController();
    const { signal } = stop;
    const over = (/** @type {number | null} */ result) => {
      stop.abort();
      row.classList.remove("carried");
      mark(from);
      resolve(result);
    };
    handle.addEventListener("pointermove", ({ clientY }) => {
      const above = rows.findIndex((one, index) => index < from && clientY < middle(one));
      const below = rows.findLastIndex((one, index) => index > from && clientY > middle(one));
      mark(above >= 0 ? above : below > from ? below : from);
    }, { signal });
    handle.addEventListener("pointerup", () => over(to === from ? null : to), { signal });
    handle.addEventListener("pointercancel", () => over(null), { signal });
    addEventListener("keydown", ({ key }) => { if (key === "Escape") over(null); }, { signal });
  });
}
