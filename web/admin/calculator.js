// The calculator of a connection: built, tried beside, kept as a draft, published, and taken back.

import { element } from "../ui/dom.js";
import { bounded, inLanguage, language as mine, LANGUAGES, moment, t } from "../ui/i18n.js";
import { afterTyping, latest } from "../ui/pace.js";
import { form } from "../widget/form.js";
import { builder, empty, lacking } from "./builder.js";
import { keptDraft } from "./kept.js";
import { moduleOf } from "./modules.js";
import { nameAfterLabels } from "./naming.js";
import { busy, conflictOf, failure, filled, levelPicker, told } from "./pieces.js";
import { call, connectionName, may, whoIsIn, widgetName } from "./session.js";
import { steps } from "./steps.js";

/** @typedef {import("../../types/calculator.js").Calculator} Calculator */
/** @typedef {import("../../types/draft.js").Draft} Draft */
/** @typedef {import("./panel.js").Connection} Connection */
/** @typedef {import("./panel.js").Visit} Visit */

/** @typedef {{ version: number, changed_at: string, changed_by: string, note: string | null, is_inherited: boolean }} Version */
/**
 * What get_calculator_draft answers.
 * @typedef {object} Known
 * @property {{ document: Draft, revision: string, changed_by: string, changed_at: string } | null} draft
 * @property {{ document: Draft, level?: string | null, version?: number | null }[]} in_force
 * @property {Version[]} versions
 * @property {Record<string, Draft>} usual by widget type
 * @property {number} touched how many connections
 * @property {string | null} account_currency
 */

const SAVE_MILLISECONDS = 700;

const begin = latest();

/** @param {HTMLElement} place @param {Visit} visit */
export async function show(place, visit) {
  const connection = /** @type {Connection} */ (visit.connection);
  if (visit.entry) return (await moduleOf("calculator_version")).show(place, visit);
  const level = levelPicker(visit.query.level);
  const body = element("div", {});
  /** @type {ReturnType<typeof workbench> | null} */
  let bench = null;
  /** @returns {Promise<Known>} */
  const load = () => call("get_calculator_draft", { connection, query: { level: level.value } });
  /** @type {() => Promise<void>} */
  const open = async () => {
    const isOld = begin(), was = bench;
    bench = null;
    await was?.close();
    if (isOld()) return;
    const known = await filled(body, load, open);
    if (isOld()) return;
    bench = workbench(body, visit, level.value, known, open);
  };
  // What comes by itself takes nothing from whoever works here, such as the language, unless somebody else has changed it.
  const refresh = async () => {
    const seen = bench;
    const known = await load();
    if (bench !== seen) return;
    void seen?.saveAgain(); // what could not be saved
    if (!seen?.isOf(known)) await open();
  };
  level.onchange = () => {
    visit.remember({ query: { level: level.value === "connection" ? "" : level.value } }, true);
    return told(open);
  };
  place.append(element("h1", { text: t("tab.calculator") }), element("p", { className: "soft", text: t("calculators.hint") }),
    element("div", { className: "toolbar" }, element("label", {}, t("calculators.level"), level)), body);
  await open();
  return { refresh: () => told(refresh), close: () => {
    begin(); // what is still asked for opens no other draft
    return bench?.close();
  } };
}

/** @param {HTMLElement} body @param {Visit} visit @param {string} level @param {Known} known @param {() => Promise<void>} reopen */
function workbench(body, visit, level, known, reopen) {
  const connection = /** @type {Connection} */ (visit.connection);
  const own = known.account_currency ?? undefined;
  const person = whoIsIn();
  const unsent = keptDraft(person, connection, level, connectionName(connection));
  const inForce = known.in_force[0] ?? null;
  // What could not be sent is sent over what it was typed over: where that has changed, somebody decides whose it is to be.
  /** @type {{ revision: string | null, document: Draft } | null} */
  const kept = unsent.get();
  /** @type {string | null} */
  let revision = kept ? kept.revision : known.draft?.revision ?? null;
  const wanted = kept ?? known.draft;
  const isShown = !wanted || canBeShown(wanted.document);
  let document_ = structuredClone(isShown && wanted ? wanted.document : inForce?.document ?? empty(own));
  let edited = document_.title?.[mine] || !Object.keys(document_.title ?? {}).length ? mine : Object.keys(document_.title)[0];
  let isUnsaved = kept !== null && isShown;
  const history_ = steps(JSON.stringify(document_));
  /** @type {ReturnType<typeof form> | null} */
  let tried = null; // the preview's form
  /** @type {Calculator | null} */
  let found = null; // the calculator in it
  let isTold = false; // what formulas come to, once somebody has begun to work
  let isPressed = false; // by a pointer: what is drawn anew meanwhile would lose the click
  /** @type {(() => void) | null} */
  let postponed = null;

  const state = element("span", { className: "soft" });
  state.setAttribute("role", "status");
  const error = failure();
  const conflict = element("div", {});
  const otherCurrency = element("p", { className: "warning", hidden: true });
  otherCurrency.setAttribute("role", "status");
  const left = element("div", {});
  /** @type {ReturnType<typeof import("./calculator_problems.js").problemsIn> | null} */
  let wrong = null; // most have nothing to put right
  const preview = element("div", { className: "card" });
  const right = element("div", { className: "preview-card" }, preview);
  const languages = element("select", { id: "edited-language" });
  const undoButton = element("button", { text: t("calculators.undo"), className: "quiet small", type: "button", disabled: true, onclick: () => walk(false) });
  const redoButton = element("button", { text: t("calculators.redo"), className: "quiet small", type: "button", disabled: true, onclick: () => walk(true) });
  const publish = element("button", { text: t("calculators.publish"), type: "button" });
  const discard = element("button", { text: t("calculators.discard"), className: "quiet small", type: "button" });
  const note = element("input", { maxLength: 200, placeholder: t("calculators.note_example") });

  // --- saving ----------------------------------------------------------------------------------------------------

  const begun = latest();
  const save = async (over = revision) => {
    const isOld = begun();
    const sent = JSON.stringify(document_);
    state.textContent = t("calculators.saving");
    unsent.put({ revision, document: document_ });
    let answer;
    try {
      answer = await call("save_calculator_draft", { method: "POST", connection, body: { level, document: JSON.parse(sent), revision: over } });
    } catch (unknown) {
      const failed = /** @type {import("../client/index.js").ApiError} */ (unknown);
      if (isOld()) return;
      state.textContent = t("calculators.not_saved");
      if (failed.code === "draft_changed") tellConflict(failed);
      throw failed;
    }
    revision = answer.revision;
    if (isOld()) return;
    conflict.replaceChildren();
    if (sent === JSON.stringify(document_)) {
      isUnsaved = false;
      unsent.drop();
    }
    state.textContent = t("calculators.saved");
    tryOut(answer.calculator);
    buttons(answer.problems.length === 0);
    await showProblems(answer.problems);
  };
  // One after the other, so that each is over the one before.
  /** @type {Promise<unknown>} */
  let queue = Promise.resolve();
  const queued = () => { queue = queue.then(() => (isUnsaved ? told(save, error) : null)); return queue; };
  const soon = afterTyping(queued, SAVE_MILLISECONDS);
  /** @type {import("./builder.js").Changed} */
  const changed = (isOther, at = null) => {
    history_.changed(JSON.stringify(document_), isOther ? null : active()?.dataset.path);
    noted();
    if (isOther === "soon") setTimeout(() => draw()); // a field is just being left, and another one entered
    else if (isOther) draw(at);
  };
  const noted = () => {
    isUnsaved = true;
    state.textContent = t("calculators.unsaved");
    undoButton.disabled = !history_.canBack();
    redoButton.disabled = !history_.canForth();
    showCurrency();
    unsent.put({ revision, document: document_ });
    soon();
  };
  const replace = (/** @type {Draft} */ fresh) => {
    document_ = structuredClone(fresh);
    changed(true);
  };
  const walk = (/** @type {boolean} */ isForth) => {
    const focused = focusedPath();
    if (!(isForth ? history_.canForth() : history_.canBack())) return;
    document_ = JSON.parse(isForth ? history_.forth() : history_.back());
    const looked = all("[data-entry][open]").map((one) => one.dataset.entry ?? "");
    noted();
    draw();
    for (const path of looked) left.querySelector(`[data-entry="${CSS.escape(path)}"]`)?.setAttribute("open", "");
    focusOn(focused);
  };
  // Instead of the browser's own, which knows one field, and not the one that was drawn anew.
  left.onkeydown = (event) => {
    const key = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.slice(-1).toLowerCase(); // я, where z is
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !["z", "y"].includes(key)) return;
    event.preventDefault();
    walk(key === "y" || event.shiftKey);
  };
  const tellConflict = (/** @type {import("../client/index.js").ApiError} */ { problem: told_ }) => {
    const problem = /** @type {{ detail: string, changed_by?: string, changed_at: string, revision?: string }} */ (told_);
    const theirs = () => told(async () => {
      const { toast } = await moduleOf("toast"); // most who look at a calculator change nothing
      const mine = { revision, document: structuredClone(document_) };
      dropped();
      await reopen();
      toast(t("undo.theirs"), async () => {
        unsent.put(mine);
        await shownAgain();
      });
    });
    const who = problem.changed_by ? t("calculators.changed_by", { who: problem.changed_by, when: moment(problem.changed_at) }) : problem.detail;
    conflict.replaceChildren(conflictOf(who, theirs, (button) => busy(button, () => save(problem.revision ?? null), error)));
  };

  // --- what is seen ----------------------------------------------------------------------------------------------

  const draw = (/** @type {string | null | undefined} */ at = null) => {
    if (isPressed) {
      postponed = () => draw(at);
      return;
    }
    const focused = at ?? focusedPath();
    left.replaceChildren(builder(document_, edited, changed));
    showCurrency();
    wrong?.show();
    languages.replaceChildren(...Object.entries(LANGUAGES).map(([code, name]) => {
      const count = lacking(document_, code);
      return new Option(count ? t("calculators.lacking", { language: name, count }) : name, code, false, code === edited);
    }));
    focusOn(focused);
  };
  const first = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (left.querySelector(selector));
  const all = (/** @type {string} */ selector) => /** @type {HTMLElement[]} */ ([...left.querySelectorAll(selector)]);
  const active = () => /** @type {HTMLElement | null} */ (globalThis.document.activeElement);
  const focusedPath = () => (left.contains(active()) ? active()?.dataset.path : null);
  const focusOn = (/** @type {string | null | undefined} */ path) => path && first(`[data-path="${CSS.escape(path)}"], [data-entry="${CSS.escape(path)}"] input`)?.focus();
  body.onpointerdown = () => { isPressed = true; };
  const released = () => {
    isPressed = false;
    const work = postponed;
    postponed = null;
    if (work) setTimeout(work); // after the click
  };
  // Some browsers tell of no letting go over the list of a select (Safari does not).
  const chosen = (/** @type {Event} */ { target }) => { if (/** @type {HTMLElement} */ (target).matches("select")) released(); };
  body.addEventListener("change", chosen, true);
  addEventListener("pointerup", released);
  addEventListener("pointercancel", released);
  // Where it is not the account's, budgets are not written; the text, or nothing.
  const showCurrency = () => {
    otherCurrency.hidden = !own || !document_.currency || document_.currency === own;
    otherCurrency.textContent = otherCurrency.hidden ? "" : t("calculators.other_currency", { currency: document_.currency, own });
    return otherCurrency.textContent;
  };
  const beginTelling = latest();
  const showProblems = async (/** @type {import("./calculator_problems.js").Problem[]} */ problems) => {
    const isOld = beginTelling();
    if (!wrong && !problems.length) return;
    const { problemsIn } = await moduleOf("calculator_problems", false);
    if (isOld()) return;
    if (!wrong) {
      wrong = problemsIn(left);
      preview.before(wrong.list);
      publish.after(wrong.fix);
    }
    wrong.show(problems);
  };
  const tryOut = (/** @type {Calculator | null} */ calculator) => {
    const values = tried?.values();
    found = calculator;
    tried = calculator && form(calculator, edited);
    if (!calculator || !tried) return void tell();
    if (values) tried.restore(values);
    preview.replaceChildren(element("h2", { text: inLanguage(calculator.title, edited) }), element("fieldset", {}, tried.view, tried.lines));
    void tell();
  };
  // What the formulas come to, under each of them.
  const tell = async () => {
    if (!isTold) return;
    const { formulaValues } = await moduleOf("formula_values", false);
    /** @type {Map<string, string>} */
    const values = found && tried ? formulaValues(found, tried.values(), edited) : new Map();
    for (const place of all("[data-value]")) {
      const now = values.get(place.dataset.value ?? "");
      place.textContent = now === undefined ? "" : t("builder.now", { value: now });
    }
  };
  const begin_ = () => {
    isTold = true;
    return tell();
  };
  preview.oninput = begin_;
  left.addEventListener("focusin", () => isTold || begin_());
  const buttons = (/** @type {boolean} */ fits) => {
    publish.disabled = !fits || revision === null;
    discard.hidden = revision === null;
  };

  // --- doing -----------------------------------------------------------------------------------------------------

  languages.onchange = () => {
    edited = languages.value;
    draw();
    void check();
  };
  publish.onclick = () => busy(publish, async () => {
    nameAfterLabels(document_, edited);
    if (JSON.stringify(document_) !== history_.now()) changed(true);
    await queued();
    if (isUnsaved) return; // it could not be saved, and that is told
    if (!confirm([t("calculators.publish_sure", bounded(known.touched)), showCurrency()].filter(Boolean).join("\n\n"))) return;
    await (await moduleOf("calculator_publishing")).published(around, { revision, note: note.value.trim() || null, draft: structuredClone(document_) });
  }, error);
  const shownAgain = () => (body.isConnected ? reopen() : null);
  const dropped = () => {
    unsent.drop();
    isUnsaved = false;
  };
  const around = { connection, level, known, reopen, shownAgain, dropped };
  discard.onclick = () => busy(discard, async () => {
    await queued();
    await (await moduleOf("calculator_publishing")).discarded(around, { revision, draft: structuredClone(document_) });
  }, error);
  const starts = element("select", { id: "begin-from" }, new Option("—", ""), new Option(t("calculators.empty"), "empty"), ...Object.keys(known.usual).map((one) => new Option(widgetName(one), one)));
  starts.onchange = () => {
    if (starts.value) replace(starts.value === "empty" ? empty(own ?? document_.currency) : known.usual[starts.value]);
    starts.value = "";
  };
  const file = element("input", { type: "file", accept: "application/json,.json", hidden: true });
  file.onchange = () => told(async () => {
    const [given] = file.files ?? [];
    if (!given) return;
    const found = await (await moduleOf("calculator_file")).read(given);
    file.value = "";
    if (!found || !canBeShown(found)) throw new Error(t("calculators.not_a_file"));
    replace(found);
  }, error);
  const load = element("button", { text: t("calculators.import"), className: "quiet small", type: "button", onclick: () => file.click() });
  const store = element("button", { text: t("calculators.export"), className: "quiet small", type: "button", onclick: () => told(async () => (await moduleOf("calculator_file")).store(document_, `calculator-${connection.widget_type}.json`), error) });
  const check = () => told(async () => {
    const checked = await call("check_calculator", { method: "POST", connection, body: { document: document_ } });
    tryOut(checked.calculator);
    buttons(checked.problems.length === 0);
    await showProblems(checked.problems);
  }, error);

  const origin = inForce ? t(`calculators.in_force_${inForce.level ?? "usual"}`, { version: inForce.version ?? "" }) : t("calculators.none_in_force");
  body.replaceChildren(
    element("p", { className: "soft", text: `${origin} ${t("calculators.touches", bounded(known.touched))}${known.draft ? ` ${t("calculators.draft_of", { who: known.draft.changed_by, when: moment(known.draft.changed_at) })}` : ""}` }),
    element("div", { className: "toolbar" }, element("label", {}, t("calculators.language"), languages), element("label", {}, t("calculators.begin_from"), starts), load, file, store, undoButton, redoButton, discard),
    conflict, otherCurrency, element("div", { className: "workbench" }, left, right), error,
    ...(may("manage") ? [element("div", { className: "sticky" }, element("label", { className: "grow" }, t("calculators.note"), note), publish, state)] : []),
    history(known, visit, level, {
      use: (/** @type {number} */ version) => told(async () => replace((await call("get_calculator_version", { connection, query: { level, version: String(version) } })).document), error),
      inherit: (/** @type {HTMLButtonElement} */ button) => busy(button, async () => {
        if (confirm(t("calculators.inherit_sure"))) await (await moduleOf("calculator_publishing")).inherited(around);
      }, error),
    }));
  draw();
  if (!isShown) conflict.replaceChildren(element("p", { className: "error", text: t("calculators.not_shown") }));
  if (isUnsaved) void queued();
  else void check();
  const standing = (/** @type {Known} */ { in_force, versions }) => JSON.stringify([in_force, versions]);
  /** Whether that is what stands here, or something stands here that is not saved. @param {Known} now */
  const isOf = (now) => isUnsaved || ((now.draft?.revision ?? null) === revision && standing(now) === standing(known));
  return { isOf, saveAgain: queued, close: async () => {
    removeEventListener("pointerup", released);
    removeEventListener("pointercancel", released);
    body.removeEventListener("change", chosen, true);
    if (isUnsaved && whoIsIn() === person) await queued(); // else it is kept for them, and nobody else's
    unsent.close();
  } };
}

// What a file, or a draft that was saved over HTTP, holds may be anything.
/** @param {Draft} document */
function canBeShown(document) {
  try {
    builder(structuredClone(document), mine, () => {});
    return lacking(document, mine) >= 0;
  } catch {
    return false;
  }
}

/**
 * @param {Known} known @param {Visit} visit @param {string} level
 * @param {{ use: (version: number) => unknown, inherit: (button: HTMLButtonElement) => unknown }} ways
 */
function history(known, visit, level, { use, inherit }) {
  const lines = known.versions.map((one) => {
    const again = element("button", { text: t("calculators.use_again"), className: "quiet small", type: "button", hidden: one.is_inherited || !may("manage"), onclick: () => use(one.version) });
    const text = one.is_inherited ? t("calculators.version_inherited", { version: one.version }) : t("calculators.version", { version: one.version });
    const address = visit.to({ entry: String(one.version), query: { level: level === "connection" ? "" : level } });
    return element("li", {}, element("div", { className: "row" }, element("span", { className: "facts" }, one.is_inherited ? text : element("a", { href: address, text }), element("small", { text: ` ${[moment(one.changed_at), one.changed_by, one.note].filter(Boolean).join(" · ")}` })), again));
  });
  const isOwn = known.versions.length && !known.versions[0].is_inherited;
  const back = element("button", { text: t("calculators.inherit"), className: "quiet small", type: "button", hidden: !isOwn || !may("manage") });
  back.onclick = () => inherit(back);
  return element("section", { className: "card" }, element("h2", { text: t("calculators.versions") }), lines.length ? element("ul", { className: "log" }, ...lines) : element("p", { className: "soft", text: t("calculators.no_versions") }), back);
}
