// Settings are one document of a level, of which a tab shows a part: the others are saved with it, as they are.

import { t } from "../ui/i18n.js";
import { busy, conflictOf, told } from "./pieces.js";
import { call } from "./session.js";

/** @typedef {{ settings: Record<string, any>, sources: Record<string, string>, revision: string }} Found what get_settings answers */
/**
 * Where somebody has changed the document since it was found, whoever saves says whose version of the shown part it is to
 * be; of the other parts, the newest stays.
 * @param {object} given
 * @param {import("./panel.js").Connection} given.connection
 * @param {string} [given.level]
 * @param {string[]} given.shown the names of what the tab shows
 * @param {() => Record<string, any>} given.read those of them that are set
 * @param {(message?: string) => unknown} given.again
 * @param {HTMLElement} given.conflict
 * @param {HTMLElement} given.error
 */
export function saver({ connection, level = "connection", shown, read, again, conflict, error }) {
  /** @param {Found} found @returns {Promise<void>} */
  const send = async ({ settings, sources, revision }) => {
    const others = Object.fromEntries(Object.entries(settings).filter(([name]) => sources[name] === level && !shown.includes(name)));
    try {
      await call("save_settings", { method: "POST", connection, body: { ...others, ...read(), level, revision } });
    } catch (unknown) {
      const failed = /** @type {Error & { code?: string }} */ (unknown);
      const mine = async () => send(await call("get_settings", { connection, query: { level } }));
      if (failed.code === "settings_changed") conflict.replaceChildren(conflictOf(failed.message, () => told(() => again(), error), (pressed) => busy(pressed, mine, error)));
      throw failed;
    }
    await again(t("settings.saved"));
  };
  return send;
}
