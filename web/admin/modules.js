// Modules of the panel that come when they are wanted.

import { t } from "../ui/i18n.js";
import { mayLeave } from "./unsaved.js";

/**
 * What views load by their own names; the views themselves are in places.js.
 * @typedef {object} Parts
 * @property {typeof import("./calculator_file.js")} calculator_file
 * @property {typeof import("./calculator_problems.js")} calculator_problems
 * @property {typeof import("./calculator_publishing.js")} calculator_publishing
 * @property {typeof import("./calculator_version.js")} calculator_version
 * @property {typeof import("./calendar.js")} calendar
 * @property {typeof import("./calendar_visit.js")} calendar_visit
 * @property {typeof import("./connecting.js")} connecting
 * @property {typeof import("./content.js")} content
 * @property {typeof import("./event_kinds.js")} event_kinds
 * @property {typeof import("./formula_values.js")} formula_values
 * @property {typeof import("./incoming_entry.js")} incoming_entry
 * @property {typeof import("./moving.js")} moving
 * @property {typeof import("./search.js")} search
 * @property {typeof import("./site_secret.js")} site_secret
 * @property {typeof import("./subscription.js")} subscription
 * @property {typeof import("./toast.js")} toast
 */

/** @type {Set<string>} */
const failed = new Set();

// All but the newest browsers keep what did not come as a failure at its address for as long as the page is open. At another
// one, where a part that stands by itself is asked for (web/widget/page.js), a view would have a session of its own, in which
// nobody is signed in: so the page is loaded again, when somebody tries once more and the server answers by then.
/**
 * `isTried`: whether somebody has pressed something for it; what comes by itself takes no page away under their hands.
 * @template {string} Name @param {Name} name @param {boolean} isTried @returns {Promise<Name extends keyof Parts ? Parts[Name] : any>}
 */
export async function moduleOf(name, isTried = true) {
  try {
    return await import(`./${name}.js`);
  } catch (cause) {
    const isBack = isTried && failed.has(name) && await fetch(location.href, { method: "HEAD", cache: "no-store" }).then(({ ok }) => ok, () => false);
    failed.add(name);
    if (isBack && mayLeave()) location.reload();
    throw new Error(t("server.silent"), { cause });
  }
}
