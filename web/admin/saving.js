// What is saved over what somebody has seen. Settings are one document of a level, of which a tab shows a part: the others
// are saved with it, as they are. What was saved can be taken back, and so can leaving one's own for somebody else's.

import { t } from "../ui/i18n.js";
import { busy, conflictOf, SHOWN, told } from "./pieces.js";
import { call } from "./session.js";
import { toast } from "./toast.js";
import { held, mayLeave, settled } from "./unsaved.js";

/**
 * Saves over what was `seen`. Where somebody else was faster, whoever saves says whose it is to be.
 * @template Seen @param {Seen} seen @param {(seen: Seen) => Promise<unknown>} save
 * @param {object} given
 * @param {string} given.code of the refusal
 * @param {() => Promise<Seen>} given.newest
 * @param {() => unknown} given.theirs shows it
 * @param {HTMLElement} given.conflict in the form itself
 * @param {HTMLElement} given.error
 */
export async function saveOver(seen, save, given) {
  const { code, newest, theirs, conflict, error } = given;
  try {
    await held(/** @type {HTMLElement} */ (conflict.parentElement), () => save(seen));
  } catch (unknown) {
    const failed = /** @type {Error & { code?: string }} */ (unknown);
    // As it is by then: somebody may have typed on, and not to its end.
    const mine = async () => { if (conflict.closest("form")?.reportValidity() ?? true) await saveOver(await newest(), save, given); };
    if (failed.code === code) {
      conflict.replaceChildren(conflictOf(failed.message, () => told(theirs, error), (pressed) => busy(pressed, mine, error)));
      SHOWN.add(failed);
    }
    throw failed;
  }
}

/** @typedef {{ settings: Record<string, any>, sources: Record<string, string>, revision: string, account_country?: string | null }} Found what get_settings answers */
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
  const over = () => {
    const form = /** @type {HTMLElement | null} */ (conflict.closest("[data-unsaved]"));
    if (form) settled(form);
  };
  const newest = () => call("get_settings", { connection, query: { level } });
  const save = (/** @type {Record<string, any>} */ document, /** @type {string} */ revision) => call("save_settings", { method: "POST", connection, body: { ...document, level, revision } });
  /** @param {Found} found @param {Record<string, any> | null} wanted null for what is read by then */
  const send = (found, wanted = null) => saveOver(found, async ({ settings, sources, revision }) => {
    const own = Object.entries(settings).filter(([name]) => sources[name] === level);
    const others = Object.fromEntries(own.filter(([name]) => !shown.includes(name)));
    const saved = await save({ ...others, ...(wanted ?? read()) }, revision);
    over();
    await again(t("settings.saved"));
    const here = location.hash;
    toast(t("settings.changed"), async () => {
      await save(Object.fromEntries(own), saved.revision);
      if (location.hash === here && mayLeave()) await again();
    });
  }, { code: "settings_changed", newest, theirs: () => theirs(read()), conflict, error });
  const theirs = async (/** @type {Record<string, any>} */ mine) => {
    over();
    await again();
    toast(t("undo.theirs"), async () => send(await newest(), mine));
  };
  return send;
}
