// What is wrong in a calculator: told at its field, listed with a way to each, and counted beside what publishes it.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

/** @typedef {{ path: string, detail: string }} Problem `path` begins with "calculator" */

/**
 * `list` and `fix`, the way to the first of them, are there while something is wrong; `show()` tells the same ones again, in
 * a builder that was drawn anew.
 * @param {HTMLElement} builder
 */
export function problemsIn(builder) {
  /** @type {Problem[]} */
  let problems = [];
  const list = element("section", { className: "card to-put-right", hidden: true });
  const fix = element("button", { className: "quiet small", type: "button", hidden: true, onclick: () => wayTo(placeOf(problems[0])) });
  const first = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (builder.querySelector(selector));
  const placeOf = (/** @type {Problem} */ { path }) => path.replace(/^calculator\.?/, "");
  const entryOf = (/** @type {string} */ place) => {
    for (let at = place; at; at = at.replace(/(\[\d+\]|\.?[a-z_]+)$/, "")) {
      const entry = first(`[data-entry="${CSS.escape(at)}"]`);
      if (entry) return entry;
    }
    return null;
  };
  const nameOf = (/** @type {string} */ place) => {
    const entry = entryOf(place);
    return entry ? `${entry.querySelector("summary")?.textContent}: ` : "";
  };
  // Opens what is around it.
  const wayTo = (/** @type {string} */ place) => {
    const target = first(`[data-path="${CSS.escape(place)}"]`) ?? entryOf(place)?.querySelector("summary") ?? first("input");
    if (!target) return;
    for (let around = target.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true;
    target.scrollIntoView({ block: "center" });
    target.focus();
  };
  const show = (told = problems) => {
    problems = told;
    for (const place of builder.querySelectorAll("[data-problem]:not([data-refused])")) place.textContent = "";
    for (const control of builder.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    for (const one of problems) {
      const here = CSS.escape(placeOf(one)), told_ = first(`[data-problem="${here}"]`);
      if (!told_) continue;
      told_.textContent = one.detail;
      first(`[data-path="${here}"]`)?.setAttribute("aria-invalid", "true");
    }
    const text = t("calculators.to_put_right", { count: problems.length });
    list.hidden = fix.hidden = !problems.length;
    fix.textContent = text;
    list.replaceChildren(element("h2", { text }), element("ul", {}, ...problems.map((one) =>
      element("li", {}, element("button", { text: `${nameOf(placeOf(one))}${one.detail}`, className: "link", type: "button", onclick: () => wayTo(placeOf(one)) })))));
  };
  return { list, fix, show };
}
