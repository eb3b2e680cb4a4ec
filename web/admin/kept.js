// Drafts of calculators that could not be sent yet (a session that ended, a tunnel, somebody else's change), by person.
// They stay in this tab of the browser; while there are some, the page says so and does not go without a question.

import { $, element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";
import { written } from "./address.js";
import { whoIsIn } from "./session.js";

const PREFIX = "calculator:";
/** @type {string | null} */
let opened = null; // the one that is on the page

/** @param {string} person */
const own = (person) => ofTab.keys().filter((key) => key.startsWith(`${PREFIX}${person}:`));

// `{get, put, drop, close}` of one draft; `put({revision, document})`, `name` is how people are told whose it is.
/** @param {string} person @param {{ id: string, account_domain: string, widget_type: string }} connection @param {string} level @param {string} name */
export function keptDraft(person, connection, level, name) {
  const key = `${PREFIX}${person}:${connection.id}:${level}`;
  opened = key;
  tellKept(person);
  return {
    get: () => JSON.parse(ofTab.get(key) ?? "null"),
    put: (/** @type {{ revision: string | null, document: unknown }} */ draft) => ofTab.set(key, JSON.stringify({ ...draft, name, address: written({ account: [connection.account_domain, connection.widget_type], view: "calculator", query: { level: level === "connection" ? "" : level } }) })),
    drop: () => ofTab.remove(key),
    close: () => {
      if (opened === key) opened = null;
      tellKept(whoIsIn()); // somebody else may be, by now
    },
  };
}

/** @param {string} person */
export function tellKept(person) {
  const drafts = own(person).filter((key) => key !== opened).map((key) => JSON.parse(ofTab.get(key) ?? "{}"));
  const [before, after] = t("calculators.left_unsaved", { names: "\n" }).split("\n");
  const links = drafts.flatMap(({ name, address }, index) => [index ? ", " : "", element("a", { href: address, text: name })]);
  $("kept").replaceChildren(...(drafts.length ? [before, ...links, after] : []));
}

addEventListener("beforeunload", (event) => { if (ofTab.keys().some((key) => key.startsWith(PREFIX))) event.preventDefault(); });
