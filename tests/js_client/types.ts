// What TypeScript knows of the client: compiled by a test, and never run.

import { ApiError, connect, type Message } from "../../clients/js/index.js";

const crm = connect({ api: "https://functions.example/crm_api", siteKey: "site_x", queue: true });
const good = {
  calculation: { title: "Shower screen", currency: "EUR", total: "120.00", items: [{ name: "Glass", quantity: 1, unit: "pc", unit_price: "120.00" }] },
};

const saved = await crm.saveCalculation(good, { lead: 17, onProgress: ({ state }) => console.log(state), onUpload: ({ sent }) => sent });
const id: string = saved.delivery_id;
await crm.saveCalculation({ ...good, pdf: new Blob([]) });
await crm.getLeads({ query: "glass", page: 2 });
const { client, lead } = await crm.getLead({}, { lead: 17 });
const phone: string | undefined = client?.phones[0]?.value;
const { days } = await crm.getSlots({ service: "checkup", from: "2026-12-01" });
const first: string | undefined = days[0]?.slots[0]?.starts_at;
const visit: string = (await crm.book({ service: "checkup", starts_at: "2026-12-01T09:00:00Z" })).booking.starts_at;
// @ts-expect-error a deal has no such member
lead.prize;
// @ts-expect-error there may be nobody in a deal
client.name;
crm.on("retry", ({ wait, error }) => error.retryAfter ?? wait);

// @ts-expect-error a calculation has a currency
await crm.saveCalculation({ calculation: { title: "x", total: "1", items: [] } });
// @ts-expect-error there is no such action
await crm.saveCalculations(good);
// @ts-expect-error reads are asked by what they know
await crm.getLeads({ colour: "red" });
// @ts-expect-error an option that is none
await crm.saveCalculation(good, { lede: 17 });

try {
  await crm.submitForm({ contact: { name: "Nina" } });
} catch (error) {
  if (error instanceof ApiError) console.log(error.code, error.retryAfter, error.problem.errors?.[0].path, id, phone, first, visit);
}

const message: Message = JSON.parse("{}");
if (message.type === "task.completed") {
  const result: string | null = message.data.task.result;
  // @ts-expect-error a task has a deal's id, and no deal
  message.data.lead;
  if (message.type === "task.completed" && result) console.log(result);
}
// @ts-expect-error there is no such kind
message.type === "task.done";
