// Stories of the JavaScript client in Node.js, against the real crm_api. `node stories.mjs NAME`, with what it needs as JSON
// on stdin; what came of it is JSON on stdout.

import { text } from "node:stream/consumers";
import { ApiError, connect, newKey } from "../../clients/js/index.js";

const given = JSON.parse(await text(process.stdin));
const pauses = [];
const pause = async (milliseconds) => { pauses.push(milliseconds); await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20))); };
const open = (more = {}) => connect({ api: given.api, token: given.token, lead: given.lead, language: "en", pause, ...more });
const failed = async (work) => work.then(() => null, (error) => ({ status: error.status, code: error.code, message: error.message, key: error.key, isApiError: error instanceof ApiError }));

// amoCRM's widget, which brings a fresh one-time token to every call.
function widget(changed = {}) {
  const told = { calls: 0, opened: [] };
  told.$authorizedAjax = ({ url, method, data, contentType }) => {
    told.calls += 1;
    let good, bad;
    const promise = { done: (work) => { good = work; return promise; }, fail: (work) => { bad = work; return promise; } };
    void (async () => {
      const token = given.one_time_tokens.shift();
      const answer = await fetch(url, { method, body: data, headers: { "Content-Type": contentType, "X-Auth-Token": token ?? "none" } });
      const document = await answer.json();
      told.opened.push(document.session_token);
      if (answer.ok) good({ ...document, ...changed });
      else bad({ status: answer.status, responseJSON: document });
    })();
    return promise;
  };
  return told;
}

const stories = {
  async save() {
    const progress = [];
    const crm = open();
    const saved = await crm.saveCalculation(given.body, { onProgress: ({ state }) => progress.push(state) });
    return { saved, progress, pauses };
  },

  async read() {
    const crm = open();
    const { lead, client } = await crm.getLead();
    return { name: lead.name, client: client.name, unknown: await failed(crm.getLead({}, { lead: 999999999 })) };
  },

  async twice() {
    const crm = open(), key = newKey();
    const [first, second] = [await crm.saveCalculation(given.body, { key }), await crm.saveCalculation(given.body, { key })];
    return { same: first.delivery_id === second.delivery_id };
  },

  async refused() {
    const crm = open();
    return { bad: await failed(crm.saveCalculation({ calculation: { title: "" } })), other: await failed(crm.doSomething({})) };
  },

  async widget() {
    const heard = [], own = widget();
    const crm = open({ widget: own, token: undefined });
    crm.on("session", (event) => heard.push(event.isOpen));
    const before = (await crm.getLead()).lead.name;
    const saved = await crm.saveCalculation(given.body);
    return { before, state: saved.state, calls: own.calls, heard };
  },

  async renewed() {
    let ahead = 0;
    const own = widget();
    const crm = open({ widget: own, token: undefined, now: () => Date.now() + ahead });
    await crm.getLead();
    ahead = 29.5 * 60_000; // half a minute before its end
    await crm.getLead();
    return { calls: own.calls };
  },

  async site() {
    const crm = open({ siteKey: given.site_key, token: undefined, lead: undefined, fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, Origin: "https://site.example" } }) });
    return { form: await crm.submitForm(given.form, { onProgress: () => {} }) };
  },

  async cancelled() {
    const crm = open(), stop = new AbortController();
    crm.on("retry", () => stop.abort(new Error("enough")));
    return failed(crm.saveCalculation(given.body, { signal: stop.signal }));
  },

  async file() {
    const crm = open();
    const pdf = new File([new Uint8Array(given.pdf)], "план.pdf", { type: "application/pdf" });
    return { saved: await crm.saveCalculation({ ...given.body, options: { pdf: "upload" }, pdf }) };
  },

  // Five calls whose session has ended: the server says so to one after the other.
  async neighbours() {
    const own = widget(), heard = [];
    let isEnded = false, late = 0;
    const crm = open({ widget: own, token: undefined, fetch: async (url, options) => {
      if (!isEnded || options.headers.Authorization !== `Bearer ${own.opened[0]}`) return fetch(url, options);
      await new Promise((resolve) => setTimeout(resolve, 100 * (late += 1)));
      return new Response('{"code":"unauthenticated"}', { status: 401 });
    } });
    crm.on("session", (event) => heard.push(event.isOpen));
    await crm.getLead();
    isEnded = true;
    const names = await Promise.all([1, 2, 3, 4, 5].map(() => crm.getLead().then(({ lead }) => lead.id)));
    return { calls: own.calls, names: new Set(names).size, heard };
  },

  // The network is away when the session is to be opened.
  async unreachable() {
    const own = widget(), heard = [], reach = own.$authorizedAjax;
    let count = 0;
    own.$authorizedAjax = (options) => ((count += 1) > 1 ? reach(options) : { done: () => ({ fail: (told) => told({ status: 0 }) }) });
    const crm = open({ widget: own, token: undefined });
    crm.on("session", (event) => heard.push(event.isOpen));
    return { id: (await crm.getLead()).lead.id, heard };
  },

  async short_session() {
    const own = widget({ expires_in: given.lifetime });
    const crm = open({ widget: own, token: undefined });
    for (let count = 0; count < 3; count += 1) await crm.getLead();
    return { calls: own.calls };
  },

  async other_deal() {
    const own = widget();
    const crm = open({ widget: own, token: undefined });
    const ids = [await crm.getLead(), await crm.getLead({}, { lead: given.other }), await crm.getLead()].map(({ lead }) => lead.id);
    return { ids, calls: own.calls };
  },

  // `follow` as it is by itself.
  async site_visit() {
    let count = 0;
    const counted = (url, options) => ((count += 1) > 5 ? Promise.reject(new Error("for ever")) : fetch(url, { ...options, headers: { ...Object.fromEntries(new Headers(options.headers)), Origin: given.origin } }));
    const crm = connect({ api: given.api, siteKey: given.site_key, language: "en", pause, fetch: counted });
    const made = await crm.call("book", given.visit);
    return { state: made.state, booked: made.booking.state, needs_a_person: made.needs_a_person, count };
  },

  async followed_elsewhere() {
    const crm = open({ widget: widget(), token: undefined });
    return { state: (await crm.saveCalculation(given.body, { lead: given.other, key: undefined })).state };
  },

  async another_token() {
    const asked = [], heard = [];
    const crm = open({ token: (refused) => { asked.push(refused ?? null); return refused === "old" ? given.token : "old"; } });
    crm.on("session", (event) => heard.push(event.isOpen));
    const { lead } = await crm.getLead();
    const none = open({ token: () => "old" });
    none.on("session", (event) => heard.push(event.isOpen));
    return { id: lead.id, asked, none: await failed(none.getLead()), heard };
  },

  // A gateway before us knows nothing of problem documents.
  async header_says_when() {
    const headers = given.retry_after === "date" ? new Date(Date.now() + 20_000).toUTCString() : given.retry_after;
    let count = 0;
    const crm = open({ fetch: async (url, options) => ((count += 1) === 1 ? new Response("busy", { status: 503, headers: { "Retry-After": headers } }) : fetch(url, options)) });
    const told = [];
    crm.on("retry", ({ error }) => told.push(error.retryAfter));
    const { lead } = await crm.getLead();
    return { id: lead.id, told, pauses };
  },

  // The function has done it, and took longer than its gateway waits.
  async gateway() {
    let count = 0;
    const crm = open({ fetch: async (url, options) => {
      count += 1;
      await fetch(url, options);
      return new Response('{"message":"Service Unavailable"}', { status: 503 });
    } });
    return { told: await failed(crm.cancelBooking({ id: given.booking })), count };
  },

  async throwing_listeners() {
    const thrown = [];
    globalThis.reportError = (error) => thrown.push(error.message);
    const fail = () => { throw new Error("a listener's own"); };
    const crm = open({ widget: widget(), token: undefined });
    for (const name of ["session", "retry", "queued", "sent", "failed"]) crm.on(name, fail);
    const saved = await crm.saveCalculation(given.body, { onProgress: fail });
    return { state: saved.state, thrown: new Set(thrown).size };
  },

  async cancelled_before() {
    let count = 0;
    const crm = open({ fetch: async () => { count += 1; return new Response("{}"); } });
    const signal = AbortSignal.abort(new Error("enough"));
    const calls = [crm.getLead({}, { signal }), crm.saveCalculation(given.body, { signal }), crm.moveBooking({}, { signal })];
    return { told: await Promise.all(calls.map((call) => call.catch(({ message }) => message))), count };
  },

  async cancelled_on_the_way() {
    const stop = new AbortController();
    const crm = open({ fetch: async () => { stop.abort(new Error("enough")); throw new TypeError("network"); } });
    return failed(crm.saveCalculation(given.body, { signal: stop.signal }));
  },

  async listens() {
    let count = 0;
    globalThis.addEventListener = () => { count += 1; };
    await open().getLead();
    return { count };
  },

  async not_json() {
    const crm = open({ fetch: async () => new Response("<html>gateway</html>", { status: 200 }) });
    return failed(crm.getLead({}, { tries: 1 }));
  },
};

console.log(JSON.stringify(await stories[process.argv[2]]()));
