// What was done, told with a way back where there is one. It takes nobody's focus, and waits while somebody points at it,
// stands on it or looks elsewhere. Ctrl+Z outside of a field leads back as its button does, but for what others see at once.

import { $, element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { busy, button, failure } from "./pieces.js";

const SECONDS = 20; // long enough to hear it out and to come to it
const FEW_SECONDS = 4;
const place = /** @type {HTMLElement} */ (document.getElementById("toasts")); // there from the start: a reader that speaks hears what comes into what it knows
addEventListener("session-ended", () => place.replaceChildren());
/** @type {HTMLElement | null} */
let before = null; // where somebody was who came to a toast
place.addEventListener("focusin", ({ relatedTarget }) => { if (!place.contains(/** @type {Node | null} */ (relatedTarget))) before = /** @type {HTMLElement | null} */ (relatedTarget); });
addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && (/^[a-z]$/i.test(event.key) ? event.key.toLowerCase() === "z" : event.code === "KeyZ");
  const isTyped = /** @type {HTMLElement} */ (event.target).closest?.("input, textarea, select, dialog, [contenteditable]");
  const undo = /** @type {HTMLButtonElement | null} */ (place.querySelector(".undo[aria-keyshortcuts]:not(:disabled)"));
  if (!isUndo || isTyped || event.defaultPrevented || !undo) return;
  event.preventDefault();
  undo.click();
});

/** To where somebody came from. */
const back = () => (before?.isConnected ? before : $("view")).focus({ preventScroll: true });

/** @param {string} text @param {(() => unknown) | null} undo @param {boolean} hasKey whether a key leads back too */
export function toast(text, undo = null, hasKey = true) {
  const error = failure();
  const made = element("div", { className: "toast" }, element("span", { dir: "auto", text }));
  const close = () => {
    const isIn = made.contains(document.activeElement);
    made.remove();
    if (isIn) back();
  };
  if (undo) {
    const way = button("undo", (pressed) => {
      const isIn = made.contains(document.activeElement); // while it is busy, it is no more
      return busy(pressed, async () => {
        await undo();
        if (isIn) back();
        if (!made.isConnected) return;
        way.remove();
        made.querySelector("span")?.replaceChildren(t("undone"));
        left = FEW_SECONDS;
      }, error);
    }, "quiet small undo");
    if (hasKey) way.setAttribute("aria-keyshortcuts", "Control+Z");
    made.append(way);
  }
  const away = button("close", close);
  away.textContent = "×";
  away.setAttribute("aria-label", t("close"));
  made.append(away, error);
  let left = SECONDS;
  const timer = setInterval(() => {
    if (!made.matches(":hover, :focus-within") && !document.hidden) left -= 1;
    if (left <= 0) close();
    if (!made.isConnected) clearInterval(timer);
  }, 1000);
  place.replaceChildren(made); // the latest one only: an older way back may not lead back any more
}

/**
 * Tells of a change of what has no versions: it is put back only while it still stands as this change has left it.
 * @param {string} text @param {() => Promise<unknown>} read how it stands now @param {() => unknown} putBack
 */
export async function changed(text, read, putBack) {
  const left = await read().then(JSON.stringify, () => null);
  toast(text, left === null ? null : async () => {
    if (JSON.stringify(await read()) !== left) throw new Error(t("undo.changed"));
    await putBack();
  });
}
