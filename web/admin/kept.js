// Drafts of calculators that could not be sent yet (a session that ended, a tunnel, somebody else's change), by person.
// They stay in this tab of the browser; while there are some, the page says so and does not go without a question.

import { $, element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";

const PREFIX = "calculator:";
let opened = null; // the one that is on the page

const own = (person) => ofTab.keys().filter((key) => key.startsWith(`${PREFIX}${person}:`));

// `{get, put, drop, close}` of one draft; `put({revision, document})`, `name` is how people are told whose it is.
export function keptDraft(person, connection, level, name) {
  const key = `${PREFIX}${person}:${connection.id}:${level}`;
  opened = key;
  tellKept(person);
  return {
    get: () => JSON.parse(ofTab.get(key)),
    put: (draft) => ofTab.set(key, JSON.stringify({ ...draft, name })),
    drop: () => ofTab.remove(key),
    close: () => {
      if (opened === key) opened = null;
      tellKept(person);
    },
  };
}

export function tellKept(person) {
  const names = own(person).filter((key) => key !== opened).map((key) => JSON.parse(ofTab.get(key)).name);
  $("kept").replaceChildren(...(names.length ? [t("calculators.left_unsaved", { names: [...new Set(names)].join(", ") }), " ", element("a", { href: "#calculator", text: t("tab.calculator") })] : []));
}

addEventListener("beforeunload", (event) => { if (ofTab.keys().some((key) => key.startsWith(PREFIX))) event.preventDefault(); });
