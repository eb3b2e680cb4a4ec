// `@shevernitskiy/amo` (fetch): covers most of the API, files and webhooks too.
const { Amo } = require("@shevernitskiy/amo");
const { clientId, clientSecret, code, finish, host, leadId, redirectUri, step } = require("./steps.cjs");

async function story() {
  let token = null;
  const grant = { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri };
  const options = { request_delay: 0, on_token: (fresh) => { token = fresh; } };
  const first = new Amo(host, { ...grant, grant_type: "authorization_code", code }, options);
  await step("OAuth: a code for tokens", async () => Boolean((await first.account.getAccount()).id && token));
  const used = token.refresh_token;
  const amo = new Amo(host, { ...grant, ...token, expires_at: 0 }, options);
  await step("OAuth: a refresh by itself", async () => { await amo.account.getAccount(); return token.refresh_token !== used; });
  await step("account: read with all its parts", async () => (await amo.account.getAccount({ with: ["amojo_id", "drive_url", "users_groups", "task_types"] }))._embedded.task_types.length > 0);
  await step("deal: read", async () => (await amo.lead.getLeadById(leadId, { with: ["contacts"] }))._embedded.contacts.length === 2);
  await step("deals: list", async () => (await amo.lead.getLeads())._embedded.leads.length >= 5);
  await step("deal: create", () => amo.lead.addLeads([{ name: "Сделка" }]));
  await step("deal: change", () => amo.lead.updateLeadById(leadId, { price: 777 }));
  await step("deal with its contact: create", () => amo.lead.addComplex([{ name: "Сложная", _embedded: { contacts: [{ first_name: "Кто-то" }] } }]));
  const made = await step("contact: create", async () => (await amo.contact.addContacts([{ name: "Клиент" }]))._embedded.contacts[0]);
  await step("contacts: list", async () => (await amo.contact.getContacts())._embedded.contacts.length >= 4);
  await step("link: deal and contact", () => amo.link.addLinksByEntityId(leadId, "leads", [{ to_entity_id: made.id, to_entity_type: "contacts" }]));
  await step("links: list", async () => (await amo.link.getLinksByEntityId(leadId, "leads"))._embedded.links.length >= 3);
  await step("note: create", () => amo.note.addNotes("leads", [{ entity_id: leadId, note_type: "common", params: { text: "Заметка" } }]));
  await step("notes: list", async () => (await amo.note.getNotesByEntityType("leads"))._embedded.notes.length === 1);
  await step("task: create", () => amo.task.addTasks([{ text: "Позвонить", complete_till: 2000000000, entity_id: leadId, entity_type: "leads" }]));
  await step("tasks: list", async () => (await amo.task.getTasks())._embedded.tasks.length === 1);
  await step("tags: create", () => amo.tag.addTags("leads", [{ name: "метка" }]));
  await step("tags: list", async () => (await amo.tag.getTags("leads"))._embedded.tags.length === 1);
  await step("events: list", async () => (await amo.event.getEvents())._embedded.events.length > 0);
  await step("pipelines: list", async () => (await amo.pipeline.getPipelines())._embedded.pipelines.length === 2);
  await step("users: list", async () => (await amo.user.getUsers())._embedded.users.length === 2);
  await step("custom fields: list", async () => (await amo.custom_fields.getCustomFields("leads"))._embedded.custom_fields.length > 0);
  const catalog = await step("catalogs: list", async () => (await amo.catalog.getCatalogs())._embedded.catalogs[0]);
  const element = await step("catalog elements: list", async () => (await amo.catalog.getCatalogElementsByCatalogId(catalog.id))._embedded.elements[0]);
  await step("catalog element: read", () => amo.catalog.getCatalogElementById(element.id, catalog.id));
  await step("webhooks: subscribe", () => amo.webhook.addWebhook({ destination: "https://hook.example/x", settings: ["add_lead"] }));
  await step("webhooks: list", async () => (await amo.webhook.getWebhooks())._embedded.webhooks.length === 1);
  await step("webhooks: unsubscribe", () => amo.webhook.deleteWebhook({ destination: "https://hook.example/x" }));
  finish();
}

story();
