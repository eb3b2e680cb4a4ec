// Incoming: what servers of sites have sent to each key, what became of it, and, opened, what was understood of it.

import { element } from "../ui/dom.js";
import { moment, number, t } from "../ui/i18n.js";
import { latest } from "../ui/pace.js";
import { ofTab } from "../ui/storage.js";
import { busy, call, failure, filled, may, pickConnection, told } from "./panel.js";
import { choosing } from "./unsaved.js";

const OUTCOMES = ["accepted", "refused", "nothing", "taken"];
const PAGE = 20;

export async function show(place) {
  const [, asked, domain, type] = location.hash.split("/"); // the outcome, or the one (and whose it is), that a link leads to
  if (domain && type) ofTab.set("connection", JSON.stringify([domain, type]));
  const notices = element("div", {});
  const body = element("div", {});
  const list = element("ul", { className: "rows", id: "incoming" });
  const none = element("p", { className: "soft", hidden: true });
  const more = element("button", { text: t("more"), className: "quiet", hidden: true });
  const key = element("select", { id: "incoming-key" });
  const outcome = element("select", { id: "incoming-outcome" }, new Option(t("incoming.any_outcome"), ""), ...OUTCOMES.map((one) => new Option(t(`incoming.outcome_${one}`), one)));
  if (OUTCOMES.includes(asked)) outcome.value = asked;
  const report = element("div", {});
  report.setAttribute("role", "status");
  let connection = null;
  let following = null;
  let keys = [];
  let named = OUTCOMES.includes(asked) ? null : asked; // the one that a link leads to
  const begin = latest();

  const theOne = async (shared) => {
    const id = named;
    named = null; // once, also where it is gone by now
    const found = await call("get_incoming_entry", { connection, query: { id } });
    return [opened(found, shared)];
  };
  const query = () => Object.fromEntries(Object.entries({ limit: String(PAGE), key: key.value, outcome: outcome.value }).filter(([, value]) => value));
  const refresh = async ({ append = false } = {}) => {
    const isOld = begin();
    if (!connection) return;
    const load = () => call("get_incoming", { connection, query: append && following ? { ...query(), before: following } : query() });
    const found = append || list.isConnected ? await load() : await filled(body, load, refresh);
    if (isOld()) return;
    ({ keys, next: following } = found);
    offer();
    notices.replaceChildren(...keys.filter((one) => !key.value || one.id === key.value).flatMap(noticesOf));
    const shared = { connection, keys, report, refresh };
    const rows = found.incoming.filter((one) => one.id !== named).map((one) => row(one, shared));
    if (named) rows.unshift(...(await theOne(shared)));
    if (append) list.append(...rows);
    else list.replaceChildren(...rows);
    none.hidden = list.children.length > 0;
    none.replaceChildren(...(keys.length ? [outcome.value || key.value ? t("log.nothing_found") : t("incoming.none")] : [t("incoming.no_keys"), " ", element("a", { href: "#site", text: t("tab.site") })]));
    more.hidden = !following;
    if (!list.isConnected) body.replaceChildren(list, none, more);
  };
  const offer = () => {
    const kept = key.value;
    key.replaceChildren(new Option(t("incoming.all_keys"), ""), ...keys.map((one) => new Option(one.revoked_at ? `${one.name} (${t("incoming.revoked")})` : one.name, one.id)));
    key.value = keys.some((one) => one.id === kept) ? kept : "";
  };
  const anew = () => {
    list.remove();
    report.replaceChildren();
    return told(refresh);
  };
  more.onclick = () => busy(more, () => refresh({ append: true }));
  choosing(key, anew);
  choosing(outcome, anew);
  const pick = await pickConnection(place, async (chosen) => {
    connection = chosen;
    key.value = "";
    list.remove();
    report.replaceChildren();
    await refresh();
  });
  place.prepend(element("h1", { text: t("tab.incoming") }), element("p", { className: "soft", text: t("incoming.hint") }),
    element("div", { className: "toolbar" }, pick, element("label", {}, t("incoming.key"), key), element("label", {}, t("incoming.outcome"), outcome)),
    element("div", { className: "toolbar" }, element("button", { text: t("refresh"), className: "quiet", onclick: ({ target }) => busy(target, anew) })));
  place.append(notices, report, body);
  return { refresh: () => told(refresh) };
}

function opened(one, shared) {
  const made = row(one, shared);
  made.querySelector("details").open = true;
  return made;
}

// What a person should know of a key.
function noticesOf({ name, without_person: isWithout, bodies_dropped_at: dropped }) {
  const made = [];
  if (isWithout) made.push(element("p", { className: "warning", text: t("incoming.without_person", { name }) }));
  if (dropped) made.push(element("p", { className: "soft", text: t("incoming.dropped", { name, moment: moment(dropped) }) }));
  return made;
}

function row(one, shared) {
  const { connection, keys } = shared;
  const name = keys.find((key) => key.id === one.key_id)?.name ?? "";
  const about = [moment(one.created_at), t("incoming.bytes", { size: number(one.size) }), one.times > 1 ? t("incoming.times", { count: one.times }) : null].filter(Boolean);
  const links = [["delivery_id", "incoming.delivery"], ["again_id", "incoming.again"]].filter(([member]) => one[member]).map(([member, text]) => element("span", {}, " · ", toDelivery(connection, one[member], t(text))));
  const facts = element("div", { className: "facts" }, element("b", { text: name }), " ", element("span", { className: `status ${one.outcome === "accepted" ? "delivered" : one.outcome}`, text: t(`incoming.outcome_${one.outcome}`) }),
    one.has_person === false ? element("span", { className: "warning", text: ` · ${t("incoming.no_person")}` }) : null, element("br"), element("small", { text: about.join(" · ") }), ...links);
  if (one.detail) facts.append(element("p", { className: one.outcome === "refused" ? "error" : "soft", text: one.detail }));
  const place = element("div", {});
  const error = failure();
  const details = element("details", {}, element("summary", { text: t("incoming.what") }), error, place);
  const open = () => told(async () => {
    const { entry } = await import("./incoming_entry.js");
    place.replaceChildren(...(await filled(place, () => entry(one, shared), open)));
  }, error);
  details.ontoggle = () => details.open && !place.firstChild && open();
  const line = element("li", {}, element("div", { className: "row" }, facts, may("operate") ? element("button", { text: t("incoming.read_again"), className: "quiet", type: "button", onclick: ({ target }) => busy(target, () => readThem([one], shared)) }) : null), details);
  line.dataset.id = one.id;
  return line;
}

const toDelivery = ({ account_domain, widget_type }, id, text) =>
  element("a", { href: `#deliveries/${id}`, text, onclick: () => ofTab.set("connection", JSON.stringify([account_domain, widget_type])) });

// Reads them one by one, by the rules that are saved, and reports what each has come to.
export async function readThem(entries, { connection, report, refresh }) {
  const lines = element("ul", {});
  const progress = element("p", { className: "soft" });
  report.replaceChildren(element("section", { className: "card" }, element("h2", { text: t("incoming.report") }), progress, lines));
  report.scrollIntoView({ block: "nearest" });
  for (const [place, one] of entries.entries()) {
    progress.textContent = t("incoming.reading", { done: place + 1, all: entries.length });
    lines.append(element("li", {}, element("small", { text: `${moment(one.created_at)}: ` }), await result(one, connection)));
  }
  progress.remove();
  await refresh();
}

async function result({ id }, connection) {
  try {
    const made = await call("read_again", { method: "POST", connection, body: { id } });
    const fields = [...made.filled.contact, ...made.filled.lead].map((name) => (name === "name" ? t("incoming.meaning_name") : name === "price" ? t("incoming.price") : name));
    const parts = [t(`incoming.did_${made.outcome}`), fields.length ? t("incoming.filled", { names: fields.join(", ") }) : "", made.noted ? t("incoming.noted") : "", made.detail ?? ""];
    return element("span", { className: made.outcome === "refused" ? "error" : "" }, parts.filter(Boolean).join(" "), made.delivery_id ? element("span", {}, " ", toDelivery(connection, made.delivery_id, t("incoming.delivery"))) : null);
  } catch (problem) {
    return element("span", { className: "error", text: problem.message }); // the others are read all the same
  }
}
