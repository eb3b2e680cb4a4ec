// What the panel's views are made of: work that a button begins, what is seen while the server is asked, and where it is
// told what failed.

import { $, element } from "../ui/dom.js";
import { ago, moment, t } from "../ui/i18n.js";
import { counted } from "../ui/pace.js";
import { endsSession, isOthers, token } from "./session.js";

/** @typedef {() => unknown} Work */

/**
 * Runs work that a button began; its failure is told at the place, else on top of the page.
 * @param {EventTarget | null} pressed @param {Work} work @param {HTMLElement} place @returns {Promise<boolean>} whether it is done
 */
export async function busy(pressed, work, place = $("panel-error")) {
  const button = /** @type {HTMLButtonElement | null} */ (pressed);
  if (button) button.disabled = true;
  const isDone = await told(work, place);
  if (button) button.disabled = false;
  return isDone;
}

/** Failures that are told where something was to be: once is enough. @type {WeakSet<Error>} */
export const SHOWN = new WeakSet();

/** @param {Work} work @param {HTMLElement} place @returns {Promise<boolean>} */
export async function told(work, place = $("panel-error")) {
  place.textContent = "";
  try {
    await work();
    return true;
  } catch (failed) {
    const error = /** @type {Error & { status?: number }} */ (failed);
    if (endsSession(error)) dispatchEvent(new CustomEvent("session-ended", { detail: error.message }));
    else if (!SHOWN.has(error) && !isOthers(error)) place.textContent = error.message;
    return false;
  }
}

/**
 * Work over what somebody has seen: where somebody else was faster, what they did is shown, and told.
 * @template Result @param {() => Promise<Result>} work @param {Work} again @returns {Promise<Result>}
 */
export async function overSeen(work, again) {
  try {
    return await work();
  } catch (failed) {
    if (/** @type {{ status?: number }} */ (failed).status === 409) await again();
    throw failed;
  }
}

/**
 * What the account itself is asked for, or, where it is not connected or cannot be read, `usual`, and why.
 * @template Known @param {import("./panel.js").Connection} connection @param {Known} usual @param {() => Promise<Known>} ask
 * @returns {Promise<Known & { missing: string }>} `missing`: a text for people, "" where all is known
 */
export async function ofAccount(connection, usual, ask) {
  const without = (/** @type {string} */ reason) => ({ ...usual, missing: t("settings.no_account", { reason }) });
  if (connection.status !== "connected") return without(t("settings.not_connected"));
  try {
    return { ...(await ask()), missing: "" };
  } catch (problem) {
    const failed = /** @type {Error & { status?: number }} */ (problem);
    if (failed.status === 401) throw failed; // nobody is signed in any more: that is another thing
    return without(failed.message);
  }
}

/** Why there is nothing to choose from. @param {string} missing */
export const missed = (missing) => (missing ? element("p", { className: "warning", text: missing }) : null);

// Where a failure is told, and read out.
export function failure() {
  const made = element("p", { className: "error" });
  made.setAttribute("role", "alert");
  return made;
}

/** @param {string} key @param {(pressed: HTMLButtonElement) => unknown} work @param {string} className */
export const button = (key, work, className = "quiet small") => {
  const made = element("button", { text: t(key), className, type: "button" });
  made.onclick = () => work(made);
  return made;
};

/** @param {string} text @param {boolean} isOn @param {string} value */
export function check(text, isOn, value = "") {
  const box = element("input", { type: "checkbox", checked: isOn, value });
  return { box, view: element("label", { className: "check" }, box, text) };
}

/** @param {string} text */
export function copyButton(text) {
  const copy = element("button", { text: t("copy"), className: "quiet small", type: "button" });
  copy.onclick = async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t("copied");
    setTimeout(() => { copy.textContent = t("copy"); }, 1500);
  };
  return copy;
}

// For whom something is set: one connection, or all of an integration or of a widget type.
/** @param {string} [chosen] */
export function levelPicker(chosen = "connection") {
  const levels = ["connection", "client", "widget"].map((one) => new Option(t(`calculators.level_${one}`), one, false, one === chosen));
  return element("select", { id: "level-of" }, ...levels);
}

// Somebody else has changed the same thing: whose it is to be.
/** @param {string} text @param {Work} theirs @param {(pressed: HTMLButtonElement) => unknown} mine */
export function conflictOf(text, theirs, mine) {
  const made = element("div", { className: "key" }, element("span", { className: "warning", text }), button("calculators.theirs", theirs), button("calculators.mine", mine));
  made.setAttribute("role", "alert");
  return made;
}

// What is there while the server is asked: as tall as most of what comes, so that little moves.
function skeleton() {
  const made = element("div", { className: "skeleton" }, ...Array.from({ length: 5 }, () => element("span", {})));
  made.setAttribute("role", "status");
  made.setAttribute("aria-label", t("loading"));
  return made;
}

/**
 * What `load` gives. While it loads, `body` shows so, below its title where it has one; where it fails, why, and a button that
 * begins again.
 * @template Result @param {HTMLElement} body @param {() => Promise<Result>} load @param {Work} again @param {string} title @returns {Promise<Result>}
 */
export async function filled(body, load, again, title = "") {
  const waiting = skeleton();
  body.replaceChildren(...(title ? [element("h1", { text: title })] : []), waiting);
  try {
    return await load();
  } catch (problem) {
    // Nothing happens here where something else is being loaded by now: then this one is not there any more.
    const failed = /** @type {Error} */ (problem);
    const made = nothing(failed.message, button("again", (pressed) => busy(pressed, again), "quiet"));
    made.setAttribute("role", "alert");
    waiting.replaceWith(made);
    SHOWN.add(failed);
    throw problem;
  }
}

/**
 * Asks again and again while somebody is signed in and looks, and `isWanted`; returns what ends it. What it is refused is told
 * beside what else has failed, once, until it is answered.
 * @param {Work} work @param {number} milliseconds @param {() => boolean} isWanted @returns {() => void}
 */
export function live(work, milliseconds, isWanted = () => true) {
  const asked = counted(work);
  const place = failure(), now = element("span", {});
  const ask = async () => {
    await told(asked, now);
    if (place.textContent !== now.textContent) place.textContent = now.textContent;
  };
  $("panel-error").after(place);
  const timer = setInterval(() => { if (asked.isIdle() && !document.hidden && token.get() && isWanted()) void ask(); }, milliseconds);
  return () => {
    clearInterval(timer);
    place.remove();
  };
}

const AGO_MILLISECONDS = 20_000;

/**
 * A moment, exact and as long ago as it is by now, also in a tab that is left open. `href`: what it leads to.
 * @param {string} at @param {string | null} href
 */
export function when(at, href = null) {
  const exact = element("time", { dateTime: at, text: moment(at) });
  return element("span", { className: "when" }, href ? element("a", { href }, exact) : exact, " · ", element("time", { dateTime: at, className: "ago", text: ago(at) }));
}

setInterval(() => {
  for (const one of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time.ago"))) {
    const now = ago(one.dateTime);
    if (one.textContent !== now) one.textContent = now;
  }
}, AGO_MILLISECONDS);

/** What a list has none of, or nothing for what is looked for; with a way on. @param {string} text @param {...Node} more */
export const nothing = (text, ...more) => element("div", { className: "nothing" }, element("p", { className: "soft", text }), ...more);

/**
 * The ways to the other pages of a list: each has an address.
 * @param {import("./panel.js").Visit} visit @param {Record<string, string>} filters @param {string} here where this page begins, "" for the first
 * @param {string | number | null} next where the next one begins @param {string} [words] @param {string} [name]
 */
export function pageLinks(visit, filters, here, next, words = "pages.older", name = "before") {
  const link = (/** @type {string} */ key, /** @type {Record<string, string>} */ query) => element("a", { className: "button quiet", href: visit.to({ query }), text: t(key) });
  return [...(here ? [link("pages.first", filters)] : []), ...(next === null ? [] : [link(words, { ...filters, [name]: String(next) })])];
}
