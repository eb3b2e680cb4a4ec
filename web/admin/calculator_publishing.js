// What becomes of a draft: it is published, thrown away, or the level above is taken instead. Each can be taken back: what
// was in force is in force again, as another version, and what was published is the draft again. What deal cards show by
// then is taken back by the toast's button only: a key is pressed too easily.

import { t } from "../ui/i18n.js";
import { call } from "./session.js";
import { toast } from "./toast.js";

/** @typedef {import("../../types/draft.js").Draft} Draft */
/**
 * @typedef {object} Around
 * @property {import("./panel.js").Connection} connection
 * @property {string} level
 * @property {{ versions: import("./calculator.js").Version[] }} known before it was done
 * @property {() => Promise<void>} reopen
 * @property {() => unknown} shownAgain where it is still shown
 * @property {() => void} dropped nothing of the draft is to be sent any more
 */

/** @param {Around} around @param {{ revision: string | null, note: string | null, draft: Draft }} given */
export async function published(around, { revision, note, draft }) {
  const { connection, level, reopen } = around;
  const { version } = await call("publish_calculator", { method: "POST", connection, body: { level, revision, note } });
  await reopen();
  toast(t("calculators.published", { version }), () => takenBack(around, version, draft), false);
}

/** @param {Around} around */
export async function inherited(around) {
  const { connection, level, known, reopen } = around;
  await call("inherit_calculator", { method: "POST", connection, body: { level } });
  await reopen();
  toast(t("calculators.inherited"), () => takenBack(around, known.versions[0].version + 1, null), false);
}

/** @param {Around} around @param {{ revision: string | null, draft: Draft }} given */
export async function discarded({ connection, level, reopen, shownAgain, dropped }, { revision, draft }) {
  await call("discard_calculator_draft", { method: "POST", connection, body: { level, revision } });
  dropped();
  await reopen();
  toast(t("calculators.discarded"), async () => {
    await call("save_calculator_draft", { method: "POST", connection, body: { level, document: draft, revision: null } });
    await shownAgain();
  });
}

// What was in force before this version was made is so again.
/** @param {Around} around @param {number} made @param {Draft | null} draft */
async function takenBack({ connection, level, known, shownAgain }, made, draft) {
  const [latest] = known.versions;
  await putBack({ connection, level, made, former: latest && !latest.is_inherited ? latest.version : null, draft });
  await shownAgain();
}

/**
 * @param {{ connection: import("./panel.js").Connection, level: string, made: number, former: number | null, draft: unknown }} given
 * `made`: the version that is taken back; `former`: the one that was in force, null where the level above was; `draft`: what
 * is to lie in the draft, where nobody has begun another one
 */
async function putBack({ connection, level, made, former, draft }) {
  const ask = (/** @type {string} */ action, /** @type {Record<string, unknown>} */ body) => call(action, { method: "POST", connection, body: { level, ...body } });
  const save = (/** @type {unknown} */ document, /** @type {string | null} */ revision) => ask("save_calculator_draft", { document, revision });
  const { versions, draft: begun } = await call("get_calculator_draft", { connection, query: { level } });
  if (versions[0]?.version !== made) throw new Error(t("undo.changed"));
  const kept = begun?.document ?? draft;
  if (former === null) {
    await ask("inherit_calculator", {});
    if (kept && !begun) await save(kept, null);
    return;
  }
  const { document } = await call("get_calculator_version", { connection, query: { level, version: String(former) } });
  let { revision } = await save(document, begun?.revision ?? null);
  try {
    await ask("publish_calculator", { revision, note: t("calculators.back_to", { version: former }) });
    revision = null;
  } finally {
    if (kept) await save(kept, revision);
  }
}
