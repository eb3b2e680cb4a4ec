// Appointments in a deal card: the deal's own visits, and a new one in two clicks.

import { inWords, isUnknown, newKey } from "../ui/api.js";
import { element } from "../ui/dom.js";
import { momentThere, money, t } from "../ui/i18n.js";
import { doctorIn, freeze, listDoctors, plus, slotPicker } from "../ui/slots.js";

/** @typedef {import("../ui/slots.js").Slot} Slot */
/** @typedef {import("../client/index.js").Client} Client */
/** @typedef {import("../client/index.js").ApiError} ApiError */
/** @typedef {Awaited<ReturnType<Client["getServices"]>>} Offer */
/** @typedef {Awaited<ReturnType<Client["getBookings"]>>["bookings"][0]} Booking */
/** @typedef {{ name?: string, phones?: { value: string }[], emails?: { value: string }[] } | null} Person */

/** @param {HTMLElement} root @param {Client} crm @param {Promise<Person>} client The deal's contact, as get_lead tells it. */
export async function show(root, crm, client) {
  /** @template Result @param {() => Promise<Result>} work */
  const asked = async (work) => {
    try {
      return await work();
    } catch (error) {
      throw inWords(error);
    }
  };
  const list = element("div", {}), fresh = element("div", {}), told = element("p", { className: "result", hidden: true });
  told.setAttribute("role", "status");
  const tell = (/** @type {string} */ kind, /** @type {string} */ text) => {
    told.className = `result ${kind}`;
    told.hidden = !text;
    told.textContent = text;
  };

  async function refresh() {
    const { bookings } = await asked(() => crm.getBookings());
    list.replaceChildren(bookings.length ? element("ul", { className: "bookings" }, ...bookings.map(row)) : element("p", { className: "soft", text: t("bookings.none_here") }));
  }

  // A change, then how the list is now. Gives what was in the way, or null.
  /** @param {any} pressed @param {() => Promise<any>} work @param {string} words @returns {Promise<ApiError | null>} */
  async function act(pressed, work, words) {
    let failed = null;
    pressed.disabled = true;
    tell("", "");
    try {
      const { state, problem, needs_a_person: isRefused } = await asked(work);
      // It is done here all the same.
      if (isRefused) tell("bad", problem.detail);
      else tell("good", state === "accepted" ? t("bookings.accepted") : words);
      // It is done, also where the list cannot be read at the moment.
      await refresh().catch((error) => list.replaceChildren(element("p", { className: "error", text: /** @type {Error} */ (error).message })));
    } catch (error) {
      failed = /** @type {ApiError} */ (error);
      tell("bad", failed.message);
    }
    pressed.disabled = false;
    return failed;
  }

  /** @param {Booking} one */
  function row(one) {
    const isOver = Date.parse(one.starts_at) <= Date.now();
    const change = (/** @type {string} */ action, more = {}) => () => crm.call(action, { id: one.id, ...more });
    const button = (/** @type {string} */ key, /** @type {() => Promise<any>} */ work, /** @type {string} */ words) => element("button", { className: "quiet small", type: "button", text: t(key), onclick: ({ target }) => act(target, work, words) });
    const place = element("div", {});
    const buttons = [];
    if (one.state === "booked" && !isOver) {
      buttons.push(element("button", { className: "quiet small", type: "button", text: t("bookings.move"), onclick: () => moving(one, place) }));
      buttons.push(element("button", { className: "quiet small", type: "button", text: t("bookings.cancel"), onclick: ({ target }) => {
        if (confirm(t("bookings.cancel_sure"))) void act(target, change("cancel_booking"), t("bookings.cancelled"));
      } }));
    }
    if (one.state === "booked" && isOver) {
      for (const attendance of ["came", "missed"].filter((other) => other !== one.attendance)) buttons.push(button(`bookings.${attendance}`, change("set_attendance", { attendance }), t("bookings.noted")));
    }
    const state = one.state === "cancelled" ? t("bookings.is_cancelled") : one.attendance ? t(`bookings.has_${one.attendance}`) : "";
    return element("li", { className: one.state === "cancelled" ? "over" : "" }, element("b", { text: momentThere(one.starts_at, offer.time_zone) }), element("br"),
      [one.service.name, one.resource.name, one.room].filter(Boolean).join(" · "), state ? element("p", { className: "soft", text: state }) : null,
      one.attention ? element("p", { className: "warning", text: one.attention }) : null, element("div", { className: "bar" }, ...buttons), place);
  }

  /** @param {Booking} one @param {HTMLElement} place */
  function moving(one, place) {
    const button = element("button", { type: "button", text: t("booking.move_here"), disabled: true });
    /** @type {Slot | null} */
    let slot = null;
    const picker = times(() => ({ service: one.service.id, resource: one.resource.id, booking: one.id }), (chosen) => {
      slot = chosen;
      button.disabled = !chosen;
    });
    button.onclick = () => act(button, () => crm.call("move_booking", { id: one.id, starts_at: slot?.starts_at }), t("booking.moved"));
    place.replaceChildren(picker.view, button);
    void picker.refresh(true);
  }

  const times = (/** @type {() => Record<string, string>} */ wanted, /** @type {(slot: Slot | null) => void} */ picked) => slotPicker({ today: offer.today, last: plus(offer.today, 365), load: (from, to) => asked(() => crm.getSlots({ ...wanted(), from, to })), picked });

  /** @param {Person} person */
  function form(person) {
    /** @type {Slot | null} */
    let slot = null;
    /** @type {Record<string, any> | null} */
    let unanswered = null;
    let key = newKey();
    const service = element("select", { onchange: () => changed() }, ...offer.services.map((one) => new Option([one.name, t("booking.minutes", { count: one.minutes }), one.price === null ? "" : money(one.price, one.currency)].filter(Boolean).join(" · "), one.id)));
    const doctor = element("select", { onchange: () => picker.refresh(true) });
    const name = element("input", { maxLength: 200, value: person?.name ?? "", placeholder: " " });
    const phone = element("input", { type: "tel", maxLength: 200, value: person?.phones?.[0]?.value ?? "", placeholder: " " });
    const comment = element("input", { maxLength: 2000, placeholder: " " });
    const button = element("button", { text: t("booking.book"), disabled: true });
    const picker = times(() => ({ service: service.value, ...doctorIn(doctor) }), (chosen) => {
      slot = chosen;
      button.disabled = !chosen;
      key = newKey();
    });
    const notThere = element("p", { className: "soft" });
    notThere.setAttribute("role", "status");
    const changed = () => {
      notThere.textContent = listDoctors(doctor, offer, offer.services.find((one) => one.id === service.value)?.resources ?? []);
      return picker.refresh(true);
    };
    void changed();
    const chosen = element("div", { className: "pair wide" }, element("label", {}, t("booking.service"), service), element("label", {}, t("booking.with"), doctor));
    const who = element("div", { className: "pair wide" }, element("label", {}, t("booking.name"), name), element("label", {}, t("booking.phone"), phone));
    const why = element("label", {}, t("booking.comment"), comment);
    const own = offer.account_currency, other = offer.services.find(({ price, currency }) => own && price !== null && currency !== own);
    const otherCurrency = other ? [element("p", { className: "warning", text: t("bookings.other_currency", { currency: other.currency, own: own ?? "" }) })] : [];
    return element("form", { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const body = unanswered ?? { service: service.value, starts_at: slot?.starts_at, ...doctorIn(doctor), visitor: { name: name.value.trim(), phone: phone.value.trim(), email: person?.emails?.[0]?.value ?? "" }, comment: comment.value.trim() };
      const parts = [chosen, picker.view, who, why];
      freeze(parts, true);
      void act(button, () => crm.call("book", body, { key, follow: false }), t("bookings.booked")).then((failed) => {
        unanswered = failed && isUnknown(failed) ? body : null;
        freeze(parts, unanswered);
        if (failed && unanswered) tell("bad", `${failed.message} ${t("booking.unknown")}`);
        return !failed || failed.code === "slot_taken" ? picker.refresh() : null;
      });
    } }, element("h2", { text: t("bookings.new") }), chosen, notThere, picker.view, who, why, ...otherCurrency, button);
  }

  const waiting = element("p", { className: "soft", text: t("loading") });
  waiting.setAttribute("role", "status");
  root.replaceChildren(waiting);
  /** @type {Offer} */
  let offer;
  try {
    offer = await asked(() => crm.getServices());
    await refresh();
    fresh.replaceChildren(offer.services.length ? form(await client) : element("p", { className: "soft", text: t("bookings.no_services") }));
    root.replaceChildren(element("h1", { text: t("bookings.title") }), told, list, fresh);
  } catch (error) {
    root.replaceChildren(element("p", { className: "error", text: /** @type {Error} */ (error).message }), element("button", { className: "quiet", type: "button", text: t("again"), onclick: () => show(root, crm, client) }));
  }
}
