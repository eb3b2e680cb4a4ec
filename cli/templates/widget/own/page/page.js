// A page of one's own in the deal card, without a framework. amoCRM's card gives it the deal and a session for it, and
// another session when that one has ended. The client retries, keeps the key of a save, and follows it to its end.

import { ApiError, connect } from "../../client/index.js";
import { inCard } from "../../ui/card.js";

document.documentElement.dataset.opened = ""; // from here on the page itself says what is wrong: ui/unopened.js
const language = new URLSearchParams(location.search).get("lang") ?? "en";
const api = new URL("../..", import.meta.url).href;
const { lead, access } = inCard();
const crm = connect({ api, language, lead, ...access });

const form = document.querySelector("#form");
const result = document.querySelector("#result");
const { quantity, price } = form.elements;
const total = () => Number(quantity.value) * Number(price.value);

form.addEventListener("input", () => {
  form.querySelector("output").value = total();
  key = crypto.randomUUID();
});

// Pressing the button twice, or again after a lost answer, is the same calculation.
let key = crypto.randomUUID();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  result.className = "soft";
  result.textContent = "…";
  const item = { name: document.title, quantity: quantity.value, unit: "pc", unit_price: price.value };
  try {
    await crm.saveCalculation({
      // Without a currency the amounts are the account's own: in another one they become no budget of the deal.
      calculation: { title: document.title, currency: "", items: [item], total: String(total()) },
      options: { update_price: true, products: true, pdf: "none" },
    }, { key });
    result.className = "good";
    result.textContent = "✓ It is in the deal.";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    result.className = "error";
    result.textContent = error.message;
  }
  button.disabled = false;
});

try {
  const { client } = await crm.getLead();
  document.querySelector("#client").textContent = client ? [client.name, client.phones[0]?.value].filter(Boolean).join(", ") : "—";
} catch (error) {
  document.querySelector("#client").textContent = error.message;
}
