// Deliveries: what was accepted, how far it is, its story, and another try for what amoCRM refused.

import { element } from "../ui/dom.js";
import { has, moment, t } from "../ui/i18n.js";
import { busy, call, pickConnection, told } from "./panel.js";

export async function show(place) {
  const list = element("ul", { className: "rows", id: "deliveries" });
  const none = element("p", { className: "soft", text: t("deliveries.none"), hidden: true });
  const more = element("button", { text: t("more"), className: "quiet", hidden: true });
  const state = element("select", { id: "state" }, ...["", "accepted", "delivered", "dead"].map((one) => new Option(t(`deliveries.state_${one || "all"}`), one)));
  let connection = null;
  let following = null;

  const refresh = async ({ append = false } = {}) => {
    if (!connection) return;
    const query = { limit: "30" };
    if (state.value) query.state = state.value;
    if (append && following) query.before = following;
    const { deliveries, next } = await call("get_deliveries", { connection, query });
    following = next;
    const rows = deliveries.map((one) => row(one, connection, refresh));
    if (append) list.append(...rows);
    else list.replaceChildren(...rows);
    none.hidden = list.children.length > 0;
    more.hidden = !next;
  };
  state.onchange = () => told(refresh);
  more.onclick = () => busy(more, () => refresh({ append: true }));
  const pick = await pickConnection(place, async (chosen) => { connection = chosen; await refresh(); });
  place.prepend(element("h1", { text: t("tab.deliveries") }), element("div", { className: "toolbar" }, pick, element("label", {}, t("deliveries.state"), state),
    element("button", { text: t("refresh"), className: "quiet", onclick: (event) => busy(event.target, refresh) })));
  place.append(list, none, more);
  return { refresh: () => told(refresh) };
}

function row(delivery, connection, refresh) {
  const name = has(`action.${delivery.action}`) ? t(`action.${delivery.action}`) : delivery.action;
  const facts = element("div", { className: "facts" }, element("b", { text: name }), " ", element("span", { className: `status ${delivery.state}`, text: t(`deliveries.state_${delivery.state}`) }),
    element("small", { text: ` · ${moment(delivery.created_at)}${delivery.attempts > 1 ? ` · ${t("deliveries.attempts", { count: delivery.attempts })}` : ""}` }));
  if (delivery.problem) facts.append(element("p", { className: delivery.state === "dead" ? "error" : "soft", text: delivery.problem.detail }));
  const story = element("ol", { className: "log" });
  const details = element("details", {}, element("summary", { text: t("deliveries.story") }), element("p", { className: "soft" }, element("code", { text: delivery.delivery_id })), story);
  details.ontoggle = () => details.open && told(async () => {
    const { story: entries } = await call("get_delivery", { connection, query: { id: delivery.delivery_id } });
    story.replaceChildren(...entries.map(entryLine));
  });
  const again = element("button", { text: t("deliveries.retry"), onclick: (event) => busy(event.target, async () => {
    await call("retry_delivery", { method: "POST", connection, body: { id: delivery.delivery_id } });
    await refresh();
  }) });
  return element("li", {}, element("div", { className: "row" }, facts, delivery.state === "dead" ? again : null), details);
}

// An entry of the story, in the reader's words; what has none of its own is told as the server tells it.
function entryLine({ at, kind, step, outcome, code, detail }) {
  const level = { dead: "error", deferred: "warning", warned: "warning" }[kind] ?? "info";
  const text = kind === "step_done" ? `${stepName(step)}: ${t(`outcome.${outcome}`)}`
    : kind === "warned" && has(`event.submission.${code}`) ? t(`event.submission.${code}`)
    : has(`event.delivery.${kind}`) ? t(`event.delivery.${kind}`) : detail ?? kind;
  return element("li", { className: level }, text, detail && text !== detail ? element("small", { text: detail }) : null, element("small", { text: moment(at) }));
}

const stepName = (name) => (has(`step.${name}`) ? t(`step.${name}`) : name);
