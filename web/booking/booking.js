// Where a visitor books (?key= of a site), and where they move or cancel what they have booked (#visit= of their link).
// The page stands by itself, or in a frame of the company's site, which is told how tall it is.

import { call, inWords, isUnknown, newKey, open as openApi } from "../ui/api.js";
import { $, element } from "../ui/dom.js";
import { languagePicker, momentThere, money, t, translate } from "../ui/i18n.js";
import { doctorIn, freeze, listDoctors, plus, slotPicker } from "../ui/slots.js";
import { ofTab } from "../ui/storage.js";

/** @typedef {import("../ui/slots.js").Slot} Slot */
/** @typedef {import("../client/index.js").Client} Client */
/** @typedef {Awaited<ReturnType<Client["getServices"]>>} Offer */
/** @typedef {import("../client/index.js").ApiError} ApiError */
/**
 * @typedef {object} Visit
 * @property {string} state
 * @property {{ name: string }} service
 * @property {{ id: string, name: string }} resource
 * @property {string} starts_at
 * @property {string} time_zone
 * @property {string} today
 * @property {boolean} may_change
 * @property {string | null} room
 * @property {string | null} place
 * @property {number | string | null} price
 * @property {string} currency
 */
/** @typedef {{ visit: Visit, calendar: string }} Found */
/** @typedef {(more: Record<string, unknown>) => Promise<any>} Ask */
/** @typedef {(found: Found, words?: string) => HTMLElement} Open */

const root = $("booking");
const query = new URLSearchParams(location.search), fragment = new URLSearchParams(location.hash.slice(1));

new ResizeObserver(() => {
  if (window.parent !== window) window.parent.postMessage({ source: "amocrm-functions", height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
}).observe(document.body);

translate();
document.title = t("booking.title");

const alertLine = () => {
  const made = element("p", { className: "error" });
  made.setAttribute("role", "alert");
  return made;
};

// One page at a time, whose heading is read first.
/** @param {string} heading @param {(HTMLElement | null)[]} content */
function show(heading, ...content) {
  const title = element("h1", { text: heading, tabIndex: -1 });
  root.replaceChildren(element("div", { className: "head" }, title, languagePicker()), ...content.filter((one) => one !== null));
  root.removeAttribute("aria-busy");
  return title;
}

/** @param {string} zone */
const isElsewhere = (zone) => Intl.DateTimeFormat().resolvedOptions().timeZone !== zone;

/** @param {Visit} visit @param {string} zone */
function facts(visit, zone) {
  const when = momentThere(visit.starts_at, zone);
  const shown = [["service", visit.service.name], ["time", isElsewhere(zone) ? `${when} (${zone})` : when], ["with", visit.resource.name], ["room", visit.room], ["place", visit.place],
    ["price", visit.price === null ? null : money(visit.price, visit.currency)]];
  return element("dl", { className: "facts-list" }, ...shown.filter(([, value]) => value).map(([name, value]) => element("div", {}, element("dt", { text: t(`booking.${name}`) }), element("dd", { text: value }))));
}

/** @param {string} calendar */
function calendarButton(calendar) {
  const file = URL.createObjectURL(new Blob([calendar], { type: "text/calendar" }));
  return element("a", { className: "button quiet", href: file, download: "visit.ics", text: t("booking.to_calendar") });
}

/** @param {() => unknown} work @returns {Promise<void>} */
async function perhaps(work) {
  try {
    await work();
  } catch (error) {
    show(t("booking.title"), element("p", { className: "error", text: /** @type {Error} */ (error).message }), element("button", { className: "quiet", text: t("again"), onclick: () => perhaps(work) }));
  }
}

// --- booking -------------------------------------------------------------------------------------------------------

const siteKey = query.get("key") ?? fragment.get("key");
const BOOKED = `booked:${siteKey}`; // the secret of the link of what was booked here last
const isShared = query.has("shared"); // by several people, as a tablet at the reception is: none is shown another's visit
const crm = siteKey ? openApi({ siteKey }) : null;
/** @type {typeof fetch} */
const outliving = (address, options) => fetch(address, { ...options, keepalive: true });
const leaving = openApi({ siteKey: siteKey ?? "-", tries: 1, fetch: outliving });

/** @template Result @param {() => Promise<Result>} work */
const asked = async (work) => {
  try {
    return await work();
  } catch (error) {
    throw inWords(error);
  }
};

// Whoever comes back (a phone forgets a page that it does not show), or takes another language, sees that they are booked:
// they would book once more, and have no link to move or cancel by.
async function begin() {
  const token = isShared ? null : ofTab.get(BOOKED);
  /** @type {Found | null} */
  const found = token && await call("visit", {}, { body: { token } }).catch((/** @type {ApiError} */ error) => {
    if (error.status === 401 || error.status === 409) return null; // it is none any more
    throw error;
  });
  await (token && found && found.visit.state !== "cancelled" ? visit(token, found) : book());
}

const another = () => element("button", { className: "quiet", text: t("booking.another"), onclick: () => {
  ofTab.remove(BOOKED);
  void perhaps(book);
} });

async function book() {
  const offer = crm && await asked(() => crm.getServices());
  if (!crm || !offer?.services.length) {
    show(t("booking.title"), element("p", { text: t("booking.nothing") }));
    return;
  }
  show(t("booking.title"), form(offer, crm));
}

/** @param {Offer} offer @param {Client} crm */
function form(offer, crm) {
  const error = alertLine();
  let service = /** @type {Offer["services"][0]} */ (offer.services[0]), key = newKey();
  /** @type {Slot | null} */
  let slot = null;
  /** @type {{ hold: string, expires_at: string } | null} */
  let hold = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {Record<string, any> | null} */
  let unanswered = null;
  let isSending = false;
  // A page that is left, such as for another language, gives its time back: it would be in its own way.
  addEventListener("pagehide", ({ persisted }) => {
    if (hold && !persisted && !isSending) void leaving.call("release_slot", { hold: hold.hold }).catch(() => {});
  });
  const doctor = element("select", { onchange: () => picker.refresh(true) });
  const notThere = element("p", { className: "soft" });
  notThere.setAttribute("role", "status");
  const wish = () => ({ service: service.id, ...doctorIn(doctor) });
  const kept = element("p", { className: "soft" });
  kept.setAttribute("role", "status");
  const person = element("fieldset", { disabled: true }, element("legend", { text: t("booking.you") }));
  const field = (/** @type {string} */ name, /** @type {Partial<HTMLInputElement>} */ properties) => {
    const input = element("input", { name, maxLength: 200, placeholder: " ", ...properties });
    person.append(element("label", {}, t(`booking.${name}`), input));
    return input;
  };
  const name = field("name", { required: true, autocomplete: "name" });
  const phone = field("phone", { type: "tel", required: true, autocomplete: "tel" });
  const email = field("email", { type: "email", autocomplete: "email" });
  const comment = element("textarea", { rows: 2, maxLength: 2000 });
  // What browsers and password managers know by its name they fill in, seen or not, and `off` does not keep them from it.
  const trap = element("input", { name: "_trap", tabIndex: -1, autocomplete: "off" });
  const button = element("button", { text: t("booking.book") });
  person.append(element("label", {}, t("booking.comment"), comment), element("div", { className: "trap", ariaHidden: "true" }, trap), error, button);

  const picker = slotPicker({
    today: offer.today,
    last: plus(offer.today, offer.ahead_days),
    load: (from, to) => asked(() => crm.getSlots({ ...wish(), from, to })),
    picked: keep,
  });

  // The time is kept while the form is filled in; where that is not possible, booking says so. One after the other: what
  // was kept before would else be in the way of its neighbour.
  let turns = Promise.resolve();

  /** @param {Slot | null} chosen */
  function keep(chosen) {
    clearInterval(timer);
    slot = chosen;
    kept.textContent = "";
    error.textContent = "";
    person.disabled = !chosen;
    key = newKey();
    turns = turns.then(() => holdInstead(chosen));
  }

  /** @param {Slot | null} chosen */
  async function holdInstead(chosen) {
    if (hold) await crm.call("release_slot", { hold: hold.hold }).catch(() => {});
    hold = null;
    if (!chosen || slot !== chosen) return;
    try {
      // The answer may be lost on its way: asked for again with its key, it is the same hold, and not in its own way.
      const wanted = { ...wish(), starts_at: chosen.starts_at }, own = { key: newKey() };
      const ask = () => crm.call("hold_slot", wanted, own);
      hold = await ask().catch((/** @type {ApiError} */ failed) => {
        if (failed.status !== 0) throw failed;
        return ask();
      });
    } catch (thrown) {
      const failed = /** @type {ApiError} */ (thrown);
      if (slot !== chosen || failed.code !== "slot_taken") return;
      await picker.refresh();
      error.textContent = inWords(failed).message;
      return;
    }
    if (!hold || slot !== chosen) return; // whose turn is next gives it back
    const until = Date.parse(hold.expires_at);
    const tell = () => {
      const left = Math.ceil((until - Date.now()) / 60_000);
      kept.textContent = left > 0 ? t("booking.kept", { count: left }) : t("booking.kept_no_more");
    };
    tell();
    timer = setInterval(tell, 20_000);
  }

  const services = element("fieldset", {}, element("legend", { text: t("booking.service") }), element("div", { className: "choices" }, ...offer.services.map((one, index) => element("label", {},
    element("input", { type: "radio", name: "service", checked: index === 0, onchange: () => {
      service = one;
      notThere.textContent = listDoctors(doctor, offer, one.resources);
      void picker.refresh(true);
    } }), element("span", {}, one.name, element("small", { text: [t("booking.minutes", { count: one.minutes }), one.price === null ? "" : money(one.price, one.currency)].filter(Boolean).join(" · ") }))))));
  const zone = element("p", { className: "soft", text: isElsewhere(offer.time_zone) ? t("booking.zone", { zone: offer.time_zone }) : "" });
  const withWhom = element("label", {}, t("booking.with"), doctor);
  listDoctors(doctor, offer, service.resources);
  void picker.refresh(true);

  return element("form", { onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void send();
  } }, services, withWhom, notThere, zone, picker.view, kept, person);

  async function send() {
    const parts = [services, withWhom, picker.view, ...person.querySelectorAll("label")];
    error.textContent = "";
    button.disabled = isSending = true;
    freeze(parts, true); // from here on: another time would be shown, and the one that is still asked for be booked
    await turns;
    if (!slot) { // somebody else has just taken it, which is told
      button.disabled = isSending = false;
      freeze(parts, false);
      return;
    }
    const visitor = { name: name.value.trim(), phone: phone.value.trim(), email: email.value.trim() };
    const when = hold ? { hold: hold.hold } : { ...wish(), starts_at: slot.starts_at };
    const body = unanswered ?? { ...when, visitor, comment: comment.value.trim(), trap: trap.value };
    let made;
    try {
      made = await asked(() => crm.call("book", body, { key, follow: false }));
    } catch (thrown) {
      const failed = /** @type {ApiError} */ (thrown);
      unanswered = isUnknown(failed) ? body : null;
      freeze(parts, unanswered);
      if (["slot_taken", "hold_ended"].includes(failed.code)) await picker.refresh();
      error.textContent = unanswered ? `${failed.message} ${t("booking.unknown")}` : failed.message;
      button.disabled = isSending = false;
      return;
    }
    // From here on it is booked, whatever becomes of telling it.
    clearInterval(timer);
    hold = null;
    await perhaps(() => booked(made, offer.time_zone));
  }
}

/** @param {{ booking: Visit, link: string }} made @param {string} zone */
async function booked({ booking, link }, zone) {
  if (!booking) { // what a robot is told
    show(t("booking.done")).focus();
    return;
  }
  const token = link.split("#visit=")[1];
  if (token && !isShared) ofTab.set(BOOKED, token);
  const { calendar } = token ? await call("visit", {}, { body: { token } }).catch(() => ({})) : {};
  show(t("booking.done"), facts(booking, zone), element("div", { className: "bar" }, calendar ? calendarButton(calendar) : null), link ? element("p", {}, `${t("booking.your_link")} `, element("a", { href: link, target: window.parent === window ? "" : "_blank", rel: "noopener", text: t("booking.move_or_cancel") })) : null,
    another()).focus();
}

// --- a visit -------------------------------------------------------------------------------------------------------

/** @param {string} token @param {Found | null} known */
async function visit(token, known = null) {
  /** @type {Ask} */
  const ask = (more) => call("visit", {}, { body: { token, ...more } });
  /** @type {Open} */
  const open = (found, words = t("booking.yours")) => {
    const { visit: one, calendar } = found;
    const error = alertLine();
    const act = async (/** @type {any} */ pressed, /** @type {() => Promise<unknown>} */ work) => {
      pressed.disabled = true;
      error.textContent = "";
      try {
        await work();
      } catch (failed) {
        error.textContent = /** @type {Error} */ (failed).message;
        pressed.disabled = false;
      }
    };
    const place = element("div", {});
    const move = element("button", { text: t("booking.move"), onclick: () => moving(one, place, ask, open, error) });
    const cancel = element("button", { className: "quiet", text: t("booking.cancel"), onclick: ({ target }) => {
      if (confirm(t("booking.cancel_sure"))) void act(target, async () => open(await ask({ do: "cancel" }), t("booking.cancelled")).focus());
    } });
    const state = one.state === "cancelled" ? element("p", { className: "warning", text: t("booking.is_cancelled") }) : one.may_change ? null : element("p", { className: "soft", text: t("booking.too_late") });
    return show(words, facts(one, one.time_zone), state, error, element("div", { className: "bar" }, ...(one.may_change ? [move, cancel] : []), one.state === "cancelled" ? null : calendarButton(calendar)), place, siteKey ? another() : null);
  };
  open(known ?? await ask({}));
}

/** @param {Visit} one @param {HTMLElement} place @param {Ask} ask @param {Open} open @param {HTMLElement} error */
function moving(one, place, ask, open, error) {
  const button = element("button", { text: t("booking.move_here"), disabled: true });
  /** @type {Slot | null} */
  let slot = null;
  const picker = slotPicker({
    today: one.today,
    last: plus(one.today, 365),
    load: (first, last) => ask({ do: "slots", first, last, resource: one.resource.id }),
    picked: (chosen) => {
      slot = chosen;
      button.disabled = !chosen;
    },
  });
  button.onclick = async () => {
    if (!slot) return;
    button.disabled = true;
    error.textContent = "";
    try {
      open(await ask({ do: "move", starts_at: slot.starts_at, resource: one.resource.id }), t("booking.moved")).focus();
    } catch (failed) {
      await picker.refresh();
      error.textContent = /** @type {Error} */ (failed).message;
    }
  };
  place.replaceChildren(element("h2", { text: t("booking.new_time") }), picker.view, button);
  void picker.refresh(true);
}

// A visitor's link, followed from this very page.
window.addEventListener("hashchange", () => location.reload());

const link = fragment.get("visit");
void perhaps(() => (link ? visit(link) : begin()));
