// Which kinds of events somebody is told of: grouped, each with an example of its message.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { check, copyButton } from "./pieces.js";
import { call } from "./session.js";

/** @typedef {{ kind: string, headers: Record<string, string>, body: string }} Example */

/**
 * @param {string[]} kinds names and patterns that are chosen already
 * @returns {Promise<{ view: HTMLElement, chosen: () => string[] }>} `chosen` keeps patterns that are set by other means
 */
export async function kindsField(kinds) {
  /** @type {{ secret: string, kinds: Example[] }} */
  const { secret, kinds: known } = await call("get_event_kinds");
  const groups = [...new Set(known.filter((one) => one.kind.includes(".")).map((one) => one.kind.split(".")[0]))];
  /** @type {HTMLInputElement[]} */
  const boxes = [];
  const views = groups.map((of) => {
    const examples = known.filter((one) => one.kind.startsWith(`${of}.`));
    const all = check(t("events.all_of"), kinds.includes(`${of}.*`), `${of}.*`);
    const rows = examples.map((one) => row(one, kinds));
    boxes.push(all.box, ...rows.map((each) => each.box));
    return element("fieldset", {}, element("legend", { text: t(`events.of_${of}`) }), all.view, ...rows.map((each) => each.view));
  });
  const others = kinds.filter((kind) => !boxes.some((box) => box.value === kind));
  return {
    view: element("div", {}, element("p", { className: "soft", text: t("events.examples") }), element("p", { className: "key" }, element("code", { text: secret }), copyButton(secret)), ...views),
    chosen: () => [...others, ...boxes.filter((box) => box.checked).map((box) => box.value)],
  };
}

/** @param {Example} example @param {string[]} kinds */
function row(example, kinds) {
  const [of, verb] = example.kind.split(".");
  const name = t(`events.verb_${verb}`);
  const { box, view } = check(name, kinds.includes(example.kind), example.kind);
  const summary = element("summary", { text: t("events.example") });
  summary.setAttribute("aria-label", `${t("events.example")}: ${t(`events.of_${of}`)}, ${name}`);
  const shown = element("details", {}, summary);
  shown.addEventListener("toggle", () => shown.append(messageOf(example), copyButton(example.body)), { once: true });
  return { box, view: element("div", { className: "kind" }, view, shown) };
}

/** @param {Example} example as it is sent, and its body for people to read */
function messageOf({ headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const made = element("pre", { className: "raw", text: [...lines, "", JSON.stringify(JSON.parse(body), null, 2)].join("\n") });
  made.tabIndex = 0; // it is scrolled by keys as well
  return made;
}
