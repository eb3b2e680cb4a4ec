// The first page: whether all is well, what to do now, and curves of what happened.

import { $, element } from "../ui/dom.js";
import { duration, has, number, t } from "../ui/i18n.js";
import { chart } from "./chart.js";
import { counted, latest } from "../ui/pace.js";
import { ofBrowser } from "../ui/storage.js";
import { written } from "./address.js";
import { moduleOf } from "./modules.js";
import { busy, live, told } from "./pieces.js";
import { call } from "./session.js";

const LIVE_MILLISECONDS = 30_000;
// Where each thing that waits for a person is looked after.
const connections = (/** @type {Record<string, string>} */ query) => written({ place: "connections", query });
/** @type {Record<string, string>} */
const PLACES = {
  ...Object.fromEntries(["reauth_required", "pending"].map((status) => [status, connections({ status })])),
  ...Object.fromEntries(["ending_soon", "overdue_refreshes", "endpoints_off", "keys_without_person", "unread_bodies"].map((todo) => [todo, connections({ todo })])),
  dead_deliveries: written({ place: "overview", view: "deliveries", query: { state: "dead" } }),
  stale_deliveries: written({ place: "overview", view: "deliveries", query: { state: "accepted" } }),
  late_jobs: written({ place: "overview" }),
  unreadable_hooks: written({ place: "overview", view: "log" }),
};
/** @type {Record<string, string>} */
const STEPS = { saved_connection: connections({}), connected: connections({}), seen_in_card: connections({}), first_save: connections({ view: "deliveries" }), company: connections({ view: "settings" }), site_key: connections({ view: "site" }) };
const HIDDEN = "first-steps-hidden";
/** Of a series, and each with its colour. @type {Record<string, [string, string][]>} */
const CURVES = {
  deliveries: [["accepted", "accent"], ["delivered", "good"], ["dead", "bad"]],
  answers: [["ok", "good"], ["refused", "warn"], ["limited", "accent"], ["failed", "bad"], ["silent", "soft"]],
  latency: [["p50", "accent"], ["p95", "warn"]],
  refreshes: [["done", "good"], ["failed", "bad"]],
};

/** @param {HTMLElement} place @param {import("./panel.js").Visit} visit */
export async function show(place, visit) {
  const period = element("select", { id: "period" }, ...["hour", "day", "month"].map((one) => new Option(t(`overview.${one}`), one, one === (visit.query.period ?? "day"), one === (visit.query.period ?? "day"))));
  const verdict = element("section", { className: "card verdict" });
  verdict.setAttribute("role", "status");
  const facts = element("dl", { className: "tiles" });
  const charts = Object.entries(CURVES).map(([name, curves]) => chart({
    title: t(`overview.${name}`), unit: name === "latency" ? t("overview.milliseconds") : "",
    newest: name === "latency", curves: curves.map(([key, colour]) => ({ key, colour, label: t(`overview.${name}_${key}`) })),
  }));
  const jobs = element("section", { className: "card" });
  const steps = element("section", { className: "card", hidden: true });
  const begin = latest();
  const refresh = counted(async () => {
    const isOld = begin();
    const now = await call("get_overview", { query: { period: period.value } });
    if (isOld()) return;
    const spans = now.series;
    verdict.replaceChildren(...judged(now.todo));
    facts.replaceChildren(...tiles(now));
    showSteps(steps, now.first_steps);
    jobs.replaceChildren(...schedules(now));
    Object.keys(CURVES).forEach((name, index) => charts[index].draw(spans.starts, spans[name], spans.span));
  });
  period.onchange = () => {
    visit.remember({ query: { period: period.value === "day" ? "" : period.value } }, true);
    return told(refresh);
  };
  place.append(element("h1", { text: t("tab.overview") }), steps, verdict, facts,
    element("div", { className: "toolbar" }, element("label", {}, t("overview.period"), period),
      element("button", { text: t("refresh"), className: "quiet", onclick: (event) => busy(event.target, refresh) })),
    element("div", { className: "charts" }, ...charts.map((one) => one.place)), jobs);
  await refresh();
  const stop = live(refresh, LIVE_MILLISECONDS, () => refresh.isIdle());
  return { refresh: () => told(refresh), close: () => { stop(); for (const one of charts) one.close(); } };
}

/** @param {{ code: string, count: number }[]} todo @returns {Node[]} */
function judged(todo) {
  if (!todo.length) return [element("h2", { className: "good", text: `✓ ${t("overview.well")}` })];
  const lines = todo.map(({ code, count }) => element("li", {}, element("a", { href: PLACES[code], text: t(`overview.todo_${code}`, { count }) }), element("small", { text: ` ${t(`overview.advice_${code}`, { count })}` })));
  return [element("h2", { className: "warning", text: `! ${t("overview.to_do")}` }), element("ul", {}, ...lines)];
}

// The way of a new installation: what is done, and the next step with its place and its help. Gone when all is done, or
// when somebody does not want to see it any more.
/** @param {HTMLElement} place @param {Record<string, boolean>} done */
function showSteps(place, done) {
  const names = Object.keys(STEPS);
  place.hidden = names.every((name) => done[name]) || ofBrowser.get(HIDDEN) === "1";
  if (place.hidden) return;
  const next = names.find((name) => !done[name]);
  const lines = names.map((name) => {
    const line = element("li", { className: done[name] ? "done" : name === next ? "next" : "" }, element("span", { text: done[name] ? "✓ " : "○ " }), t(`steps.${name}`));
    if (name === next) line.append(element("p", { className: "soft", text: t(`steps.${name}_how`) }), element("a", { href: STEPS[name], text: t("steps.go") }));
    return line;
  });
  const away = element("button", { text: t("steps.hide"), className: "quiet small", onclick: () => {
    ofBrowser.set(HIDDEN, "1");
    place.hidden = true;
    $("view").focus({ preventScroll: true });
    void told(async () => (await moduleOf("toast")).toast(t("steps.hidden"), () => {
      ofBrowser.set(HIDDEN, "");
      place.hidden = false;
    }));
  } });
  place.replaceChildren(element("h2", { text: t("steps.title") }), element("ol", { className: "steps" }, ...lines), away);
}

/** @param {any} now what get_overview answers */
function tiles({ connections, deliveries }) {
  const shown = [
    ["connected", number(connections.connected)],
    ["waiting", number(connections.reauth_required + connections.pending)],
    ["under_way", number(deliveries.accepted)],
    ["oldest", deliveries.oldest_seconds === null ? "—" : duration(deliveries.oldest_seconds)],
    ["dead", number(deliveries.dead)],
  ];
  return shown.map(([name, value]) => element("div", {}, element("dt", { text: t(`overview.tile_${name}`) }), element("dd", { text: value })));
}

// Whether the schedules run, and how far behind they are: nothing else tells when a timer was forgotten.
/** @param {{ jobs: { name: string, seconds: number | null, is_late: boolean }[], backlog: { name: string, seconds: number }[] }} now */
function schedules({ jobs, backlog }) {
  const label = (/** @type {string} */ kind, /** @type {string} */ name) => (has(`overview.${kind}_${name}`) ? t(`overview.${kind}_${name}`) : name);
  const table = (/** @type {string[]} */ heads, /** @type {Node[][]} */ rows) => element("table", { className: "plain" }, element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { text, scope: "col" })))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))));
  const ran = jobs.map(({ name, seconds, is_late: isLate }) => [element("td", { text: label("job", name) }),
    element("td", { className: isLate ? "warning" : "", text: [seconds === null ? t("overview.job_never") : t("overview.ago", { duration: duration(seconds) }), isLate ? t("overview.job_late") : ""].filter(Boolean).join(" · ") })]);
  const waits = backlog.map(({ name, seconds }) => [element("td", { text: label("queue", name) }), element("td", { text: seconds > 0 ? duration(seconds) : "—" })]);
  return [element("h2", { text: t("overview.jobs") }), table([t("overview.job"), t("overview.job_good")], ran), table([t("overview.queue"), t("overview.queue_oldest")], waits)];
}
