// Modules of the panel that come when they are wanted.

import { t } from "../ui/i18n.js";
import { mayLeave } from "./unsaved.js";

/** @type {Set<string>} */
const failed = new Set();

// All but the newest browsers keep what did not come as a failure at its address for as long as the page is open. At another
// one, where a part that stands by itself is asked for (web/widget/page.js), a view would have a session of its own, in which
// nobody is signed in: so the page is loaded again, when somebody tries once more and the server answers by then.
/** @param {string} name @returns {Promise<any>} */
export async function moduleOf(name) {
  try {
    return await import(`./${name}.js`);
  } catch (cause) {
    const isBack = failed.has(name) && await fetch(location.href, { method: "HEAD", cache: "no-store" }).then(({ ok }) => ok, () => false);
    failed.add(name);
    if (isBack && mayLeave()) location.reload();
    throw new Error(t("server.silent"), { cause });
  }
}
