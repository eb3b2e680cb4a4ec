// `amocrm-js` (the module https): a client with events, factories and a generic request.
const { Client } = require("amocrm-js");
const { clientId, clientSecret, code, finish, host, leadId, redirectUri, step } = require("./steps.cjs");

async function story() {
  const amo = new Client({ domain: host, auth: { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri, code, server: null } });
  await step("OAuth: a code for tokens", () => amo.connection.connect());
  await step("OAuth: a refresh", () => amo.token.refresh());
  const data = async (work) => (await work).data;
  await step("account: read", async () => Boolean((await data(amo.request.get("/api/v4/account"))).id));
  await step("deal: read", async () => (await data(amo.request.get(`/api/v4/leads/${leadId}`, { with: "contacts" })))._embedded.contacts.length === 2);
  await step("deals: list by its own factory", async () => (await amo.leads.get()).getData().length >= 5);
  await step("deal: change", async () => (await data(amo.request.patch(`/api/v4/leads/${leadId}`, { price: 777 }))).id === leadId);
  await step("contact: create by its own factory", async () => Boolean((await amo.contacts.create([{ name: "Клиент" }]))[0].id));
  await step("note: create", async () => Boolean((await data(amo.request.post(`/api/v4/leads/${leadId}/notes`, [{ note_type: "common", params: { text: "Заметка" } }])))._embedded.notes[0].id));
  await step("tasks: list", async () => Boolean(await data(amo.request.get("/api/v4/tasks")) !== undefined));
  await step("pipelines: list", async () => (await data(amo.request.get("/api/v4/leads/pipelines")))._embedded.pipelines.length === 2);
  await step("webhooks: subscribe", async () => Boolean((await data(amo.request.post("/api/v4/webhooks", { destination: "https://hook.example/x", settings: ["add_lead"] }))).id));
  await step("a refused value", async () => {
    try { await amo.request.post("/api/v4/leads", [{ name: "x", pipeline_id: 5 }]); } catch (error) { return Boolean(error); }
    return false;
  });
  finish();
}

story();
