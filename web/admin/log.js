// The log: what happened, filtered and searched, live while the tab is open.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { afterTyping, counted, latest } from "../ui/pace.js";
import { busy, call, eventLine, pickConnection, told } from "./panel.js";

const LIVE_MILLISECONDS = 4000;
const PAGE = 50;

export async function show(place) {
  const list = element("ol", { className: "log", id: "events" });
  const none = element("p", { className: "soft", hidden: true });
  const more = element("button", { text: t("more"), className: "quiet", hidden: true });
  const level = element("select", { id: "level" }, ...["", "info", "warning", "error"].map((one) => new Option(t(`log.level_${one || "all"}`), one)));
  const search = element("input", { type: "search", id: "search", placeholder: " " });
  const live = element("input", { type: "checkbox", checked: true });
  let connection = null;
  let following = null;  // where the next page begins
  const begin = latest();

  const read = (before) => {
    const query = { limit: String(PAGE) };
    if (before) query.before = String(before);
    if (level.value) query.level = level.value;
    if (search.value.trim()) query.search = search.value.trim();
    return call("get_events", { connection, query });
  };
  const refresh = counted(async ({ append = false } = {}) => {
    const isOld = begin();
    const { events, next } = await read(append ? following : null);
    if (isOld()) return;
    const lines = events.map(eventLine);
    if (append) list.append(...lines);
    else list.replaceChildren(...lines);
    following = next;
    more.hidden = next === null;
    more.textContent = next !== null && events.length < PAGE ? t("log.search_further") : t("more");
    none.hidden = list.children.length > 0;
    none.textContent = next !== null ? t("log.nothing_yet") : level.value || search.value ? t("log.nothing_found") : t("log.none");
  });
  const pick = await pickConnection(place, async (chosen) => { connection = chosen; await refresh(); }, { all: true });
  level.onchange = () => told(refresh);
  search.oninput = afterTyping(() => told(refresh));
  more.onclick = () => busy(more, () => refresh({ append: true }));
  place.append(element("h1", { text: t("tab.log") }),
    element("div", { className: "toolbar" }, pick, element("label", {}, t("log.level"), level), element("label", {}, t("log.search"), search),
      element("label", { className: "check" }, live, t("log.live"))),
    element("section", { className: "card" }, list, none), more);
  // Not while somebody reads further down.
  const timer = setInterval(() => { if (live.checked && refresh.isIdle() && list.children.length <= PAGE && !document.hidden) void told(refresh); }, LIVE_MILLISECONDS);
  return { refresh: () => told(refresh), close: () => clearInterval(timer) };
}
