// The secret with which a site builder signs what it sends to a server's key: entered, replaced, taken away.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { busy, failure } from "./pieces.js";
import { secretField } from "./secret_field.js";
import { call } from "./session.js";
import { guarded, settled } from "./unsaved.js";

/** @param {import("./site.js").Key} key @param {import("./panel.js").Connection} connection @param {() => Promise<void>} refresh */
export function secretForm(key, connection, refresh) {
  const secret = secretField({ required: true, maxLength: 500, pattern: "\\S+" });
  const error = failure();
  const save = async (/** @type {string | null} */ value) => {
    await call("sign_site_key", { method: "POST", connection, body: { id: key.id, secret: value } });
    settled(view);
    await refresh();
  };
  const remove = key.is_signed ? element("button", { type: "button", className: "quiet", text: t("site.secret_remove"), onclick: (event) => busy(event.target, async () => {
    if (confirm(t("site.secret_remove_sure", { name: key.name }))) await save(null);
  }, error) }) : null;
  const view = guarded(element("form", { onsubmit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void busy(event.submitter, async () => {
      if (!key.is_signed || confirm(t("site.secret_replace_sure", { name: key.name }))) await save(secret.value.trim());
    }, error);
  } }, element("p", { className: "soft", text: t("site.secret_hint") }), element("label", {}, t("site.secret_label"), secret), error,
  element("div", { className: "actions" }, element("button", { text: t("site.secret_save") }), remove)));
  return view;
}
