// One published version of a calculator, as people see it in a card; its address can be sent to a colleague.

import { element } from "../ui/dom.js";
import { inLanguage, language, moment, t } from "../ui/i18n.js";
import { form } from "../widget/form.js";
import { nothing } from "./pieces.js";
import { call } from "./session.js";

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, { connection, entry: version, query, to }) {
  const level = query.level || "connection";
  const [{ document }, { versions }] = await Promise.all([
    call("get_calculator_version", { connection, query: { level, version: String(version) } }), call("get_calculator_draft", { connection, query: { level } })]);
  const { calculator, problems } = await call("check_calculator", { method: "POST", connection, body: { document } });
  const facts = versions.find((/** @type {{ version: number }} */ one) => String(one.version) === version);
  place.append(element("h1", { text: t("calculators.version", { version }) }), element("p", {}, element("a", { href: to({ query }), text: t("calculators.to_builder") })));
  if (facts) place.append(element("p", { className: "soft", text: [moment(facts.changed_at), facts.changed_by, facts.note, t(`calculators.level_${level}`)].filter(Boolean).join(" · ") }));
  if (!calculator) {
    place.append(nothing(problems.map((/** @type {{ detail: string }} */ one) => one.detail).join(" ")));
    return;
  }
  const shown = form(calculator, language);
  place.append(element("section", { className: "card" }, element("h2", { text: inLanguage(calculator.title) }), element("fieldset", {}, shown.view, shown.lines)));
}
