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
function widget() {
  const told = { calls: 0 };
  told.$authorizedAjax = ({ url, method, data, contentType }) => {
    told.calls += 1;
    let good, bad;
    const promise = { done: (work) => { good = work; return promise; }, fail: (work) => { bad = work; return promise; } };
    void (async () => {
      const token = given.one_time_tokens.shift();
      const answer = await fetch(url, { method, body: data, headers: { "Content-Type": contentType, "X-Auth-Token": token ?? "none" } });
      const document = await answer.json();
      if (answer.ok) good(document);
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

  async not_json() {
    const crm = open({ fetch: async () => new Response("<html>gateway</html>", { status: 200 }) });
    return failed(crm.getLead({}, { tries: 1 }));
  },
};

console.log(JSON.stringify(await stories[process.argv[2]]()));
