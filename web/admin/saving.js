// Settings are one document of a level, of which a tab shows a part: the others are saved with it, as they are. What was
// saved can be taken back, and so can leaving one's own for somebody else's.

import { t } from "../ui/i18n.js";
import { busy, conflictOf, told } from "./pieces.js";
import { call } from "./session.js";
import { toast } from "./toast.js";
import { mayLeave } from "./unsaved.js";

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
  const newest = () => call("get_settings", { connection, query: { level } });
  const save = (/** @type {Record<string, any>} */ document, /** @type {string} */ revision) => call("save_settings", { method: "POST", connection, body: { ...document, level, revision } });
  /** @param {Found} found @param {Record<string, any>} wanted @returns {Promise<void>} */
  const send = async ({ settings, sources, revision }, wanted = read()) => {
    const own = Object.entries(settings).filter(([name]) => sources[name] === level);
    const others = Object.fromEntries(own.filter(([name]) => !shown.includes(name)));
    /** @type {Found} */
    let saved;
    try {
      saved = await save({ ...others, ...wanted }, revision);
    } catch (unknown) {
      const failed = /** @type {Error & { code?: string }} */ (unknown);
      // As it is by then: somebody may have typed on, and not to its end.
      const mine = async () => { if (conflict.closest("form")?.reportValidity() ?? true) await send(await newest()); };
      if (failed.code === "settings_changed") conflict.replaceChildren(conflictOf(failed.message, () => told(() => theirs(read()), error), (pressed) => busy(pressed, mine, error)));
      throw failed;
    }
    await again(t("settings.saved"));
    const here = location.hash;
    toast(t("settings.changed"), async () => {
      await save(Object.fromEntries(own), saved.revision);
      if (location.hash === here && mayLeave()) await again();
    });
  };
  const theirs = async (/** @type {Record<string, any>} */ mine) => {
    await again();
    toast(t("undo.theirs"), async () => send(await newest(), mine));
  };
  return send;
}
