// Settings are one document of a level, of which a tab shows a part: the others are saved with it, as they are.

import { t } from "../ui/i18n.js";
import { busy, conflictOf, told } from "./pieces.js";
import { call } from "./session.js";

// `shown`: the names of what the tab shows; `read()` gives those of them that are set. Returns `send(found)`, where `found` is
// what get_settings has answered. Where somebody has changed the document since, whoever saves says whose version of the
// shown part it is to be; of the other parts, the newest stays.
export function saver({ connection, level = "connection", shown, read, again, conflict, error }) {
  const send = async ({ settings, sources, revision }) => {
    const others = Object.fromEntries(Object.entries(settings).filter(([name]) => sources[name] === level && !shown.includes(name)));
    try {
      await call("save_settings", { method: "POST", connection, body: { ...others, ...read(), level, revision } });
    } catch (failed) {
      const mine = async () => send(await call("get_settings", { connection, query: { level } }));
      if (failed.code === "settings_changed") conflict.replaceChildren(conflictOf(failed.message, () => told(() => again(), error), (pressed) => busy(pressed, mine, error)));
      throw failed;
    }
    await again(t("settings.saved"));
  };
  return send;
}
