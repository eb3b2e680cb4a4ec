// An example site: a plain form, and an order sent by script. Copy what you need.

import { given, setUp } from "./demo.js";

const API = given.get("api") ?? ""; // yours: "https://functions.example/crm_api"
const KEY = given.get("key") ?? ""; // yours: "site_…"

const CART = [
  { name: "Зеркало 4 мм, влагостойкое", sku: "MR-4", quantity: 2, unit: "м²", unit_price: 4100, category: "Зеркала" },
  { name: "Монтаж", sku: "SRV-1", quantity: 1, unit: "услуга", unit_price: 9500, category: "Услуги" },
];
const DELIVERY = 700;
const NUMBER = "order-number";
const ASK_MILLISECONDS = 5000; // a visitor's address may ask 30 times a minute

const rubles = new Intl.NumberFormat("ru", { style: "currency", currency: "RUB", maximumFractionDigits: 0 });
const total = CART.reduce((sum, item) => sum + item.quantity * item.unit_price, DELIVERY);

const tags = [...new URLSearchParams(location.search)].filter(([name]) => /^utm_|^(gclid|yclid|fbclid)$/.test(name));

function visit() {
  return Object.fromEntries(document.referrer ? [...tags, ["referrer", document.referrer]] : tags);
}

function openShop() {
  document.querySelector("#shop").hidden = false;
  const form = document.querySelector("#callback");
  form.action = `${API}/?${new URLSearchParams({ action: "submit_form", site_key: KEY })}`;
  form.elements._opened_at.value = Date.now();
  form.elements.page.value = location.href.split("?")[0];
  for (const [name, value] of tags) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  const cart = document.querySelector(".cart");
  const lines = [...CART.map((item) => [`${item.name} × ${item.quantity}`, item.quantity * item.unit_price]), ["Доставка", DELIVERY]];
  cart.replaceChildren(...lines.map(line));
  document.querySelector(".total output").textContent = rubles.format(total);
  document.querySelector("#order").addEventListener("submit", order);
}

function line([name, amount]) {
  const item = document.createElement("li");
  item.append(name, Object.assign(document.createElement("span"), { textContent: rubles.format(amount) }));
  return item;
}

// The number is this cart's: pressing twice, or once more after a lost answer, is the same order, also when the page was
// loaded again in between. Chance keeps it apart from the cart of another visitor who came at the same moment.
const chance = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(36).padStart(2, "0")).join("");
const number = unanswered((stored) => stored.getItem(NUMBER)) ?? `W-${Date.now().toString(36)}-${chance}`.toUpperCase();

// What this tab keeps of an order until it is answered; where a browser keeps nothing, only the page knows.
function unanswered(work) {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
}

async function order(event) {
  event.preventDefault();
  const { elements } = event.target;
  const result = document.querySelector(".result");
  const button = event.target.querySelector("button");
  button.disabled = true;
  result.className = "result";
  result.textContent = "Отправляем…";
  const body = {
    contact: { name: elements.name.value, phone: elements.phone.value },
    order: { number, items: CART, delivery: { method: "Курьер", cost: DELIVERY }, address: elements.address.value, total },
    tracking: visit(),
  };
  unanswered((stored) => stored.setItem(NUMBER, number));
  try {
    const answer = await fetch(`${API}/?action=submit_order`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
      body: JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({})); // what is between may say it otherwise
    if (!answer.ok) throw new Error([told.detail ?? answer.status, ...(told.errors ?? []).map((one) => `${one.path}: ${one.detail}`)].join(" "));
    unanswered((stored) => stored.removeItem(NUMBER));
    result.textContent = `Спасибо! Заказ ${number} принят.`;
    void follow(elements.phone.value);
  } catch (error) {
    result.className = "result wrong";
    result.textContent = `Заказ не отправлен. ${error.message}`;
    button.disabled = false;
  }
}

// Where the order stands in amoCRM, in the shop's own words. Who knows the number and the phone may ask.
async function follow(contact) {
  const place = document.querySelector(".status");
  const asking = new URLSearchParams({ action: "get_order", number });
  const known = await fetch(`${API}/?${asking}`, { headers: { Authorization: `Bearer ${KEY}`, "X-Order-Contact": encodeURIComponent(contact) } }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (known?.status) place.textContent = `Статус: ${known.status}`;
  setTimeout(follow, ASK_MILLISECONDS, contact);
}

if (API && KEY) openShop();
else setUp(document.querySelector("#setup"));
