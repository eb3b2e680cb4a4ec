// A word on what was done, with a way back where there is one. It waits while somebody points at it or stands on it.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { busy, button, failure } from "./pieces.js";

const MILLISECONDS = 10_000;
const place = element("div", { id: "toasts" });
place.setAttribute("role", "status");
document.body.append(place);
addEventListener("session-ended", () => place.replaceChildren());

/** @param {string} text @param {(() => Promise<unknown>) | null} undo */
export function toast(text, undo = null) {
  const error = failure();
  const made = element("div", { className: "toast" }, element("span", { dir: "auto", text }));
  const close = () => made.remove();
  if (undo) {
    made.append(button("undo", (pressed) => busy(pressed, async () => {
      await undo();
      close();
    }, error)));
  }
  const away = button("close", close);
  away.textContent = "×";
  away.setAttribute("aria-label", t("close"));
  made.append(away, error);
  let left = MILLISECONDS / 1000;
  const timer = setInterval(() => {
    if (!made.matches(":hover, :focus-within")) left -= 1;
    if (left <= 0) close();
    if (!made.isConnected) clearInterval(timer);
  }, 1000);
  place.replaceChildren(made); // the latest one only: an older way back may not lead back any more
}
