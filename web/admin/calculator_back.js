// The way back after a calculator was published, or the level above it was taken: what was in force is in force again, as
// another version, and what was published is the draft again.

import { t } from "../ui/i18n.js";
import { call } from "./session.js";

/**
 * @param {{ connection: import("./panel.js").Connection, level: string, made: number, former: number | null, draft: unknown }} given
 * `made`: the version that is taken back; `former`: the one that was in force, null where the level above was; `draft`: what
 * is to lie in the draft, where nobody has begun another one
 */
export async function putBack({ connection, level, made, former, draft }) {
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
