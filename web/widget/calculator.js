// The calculator in a deal card. `mount` is given a place, the open deal, and a `fetch` that proves who is asking.

const BASE = new URL(".", import.meta.url);
const API = new URL("..", BASE).href;

// Prices per square metre and per piece, in rubles.
const GLASS = [
  { name: "Стекло закалённое 8 мм", sku: "GL-8", price: 6200 },
  { name: "Стекло закалённое 10 мм", sku: "GL-10", price: 7900 },
  { name: "Зеркало 4 мм, влагостойкое", sku: "MR-4", price: 4100 },
];
const INSTALLATION = { name: "Монтаж", sku: "SRV-1", price: 9500 };

const TEMPLATE = `
<p class="client" role="status"></p>
<form>
<fieldset>
<label>Материал <select name="material"></select></label>
<div class="row">
<label>Ширина, мм <input name="width" type="number" min="100" max="6000" value="900" required></label>
<label>Высота, мм <input name="height" type="number" min="100" max="6000" value="2000" required></label>
</div>
<label>Количество <input name="count" type="number" min="1" max="100" value="1" required></label>
<label class="check"><input name="installation" type="checkbox"> Монтаж</label>
<label>Комментарий <textarea name="comment" rows="2" maxlength="1000"></textarea></label>
<p class="total"><span>Итого</span><output></output></p>
<label class="check"><input name="price" type="checkbox"> Записать сумму в бюджет сделки</label>
<label class="check"><input name="products" type="checkbox" checked> Добавить товары в сделку</label>
<label class="check"><input name="pdf" type="checkbox" checked> Приложить предложение в PDF</label>
<button>Сохранить в сделку</button>
</fieldset>
</form>
<p class="result" role="alert" hidden></p>`;

export async function mount(place, { leadId, authorizedFetch }) {
  await styled();
  place.classList.add("calc");
  place.innerHTML = TEMPLATE;
  const form = place.querySelector("form");
  const { material } = form.elements;
  material.append(...GLASS.map(({ name }, index) => new Option(name, index)));
  form.addEventListener("input", () => showTotal(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save(place, form, { leadId, authorizedFetch });
  });
  showTotal(form);
  await showClient(place, { leadId, authorizedFetch });
}

function styled() {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("calculator.css", BASE).href });
  const loaded = new Promise((resolve) => { link.onload = resolve; link.onerror = resolve; });
  document.head.append(link);
  return loaded;
}

async function showClient(place, { leadId, authorizedFetch }) {
  const line = place.querySelector(".client");
  line.textContent = "Загружаем клиента…";
  try {
    const { client } = await ask(authorizedFetch, "get_lead", { headers: { "X-Lead-Id": String(leadId) } });
    if (!client) {
      line.textContent = "В сделке нет контакта.";
      return;
    }
    const name = document.createElement("b");
    name.textContent = client.name;
    const reach = [...client.phones, ...client.emails].map(({ value }) => value).join(", ");
    line.replaceChildren(name, reach || "телефон и почта не указаны");
  } catch (error) {
    line.textContent = error.message;
  }
}

// Whole kopecks, so that no total is off by a rounding of the machine's.
function items(form) {
  const { material, width, height, count, installation } = form.elements;
  const glass = GLASS[Number(material.value)];
  const area = Math.round((Number(width.value) / 1000) * (Number(height.value) / 1000) * Number(count.value) * 1000) / 1000;
  const list = [{ name: glass.name, sku: glass.sku, quantity: String(area), unit: "м²", unit_price: String(glass.price) }];
  if (installation.checked) {
    list.push({ name: INSTALLATION.name, sku: INSTALLATION.sku, quantity: "1", unit: "услуга", unit_price: String(INSTALLATION.price) });
  }
  return list;
}

function totalKopecks(list) {
  return list.reduce((sum, { quantity, unit_price }) => {
    const thousandths = Math.round(Number(quantity) * 1000) * Number(unit_price); // quantity has three digits at most
    return sum + Math.floor((thousandths + 5) / 10);
  }, 0);
}

function showTotal(form) {
  const kopecks = totalKopecks(items(form));
  form.querySelector("output").textContent = (kopecks / 100).toLocaleString("ru-RU", { style: "currency", currency: "RUB" });
}

async function save(place, form, { leadId, authorizedFetch }) {
  const { width, height, count, comment, price, products, pdf } = form.elements;
  const list = items(form);
  const body = {
    calculation: {
      title: "Расчёт стекла",
      currency: "RUB",
      items: list,
      total: (totalKopecks(list) / 100).toFixed(2),
      comment: comment.value.trim() || null,
      parameters: [
        { name: "Размер", value: `${width.value} × ${height.value} мм` },
        { name: "Количество", value: `${count.value} шт` },
      ],
    },
    options: { update_price: price.checked, products: products.checked, pdf: pdf.checked ? "render" : "none" },
  };
  const fieldset = form.querySelector("fieldset");
  fieldset.disabled = true;
  try {
    const headers = { "Content-Type": "application/json", "X-Lead-Id": String(leadId), "Idempotency-Key": crypto.randomUUID() };
    const answer = await ask(authorizedFetch, "save_calculation", { method: "POST", headers, body: JSON.stringify(body) });
    await follow(place, answer, authorizedFetch);
  } catch (error) {
    tell(place, error.message, "bad");
  }
  fieldset.disabled = false;
}

// An accepted calculation is ours to deliver; the person is told how far it is.
async function follow(place, answer, authorizedFetch) {
  let state = answer.state;
  for (let tries = 0; state === "accepted" && tries < 40; tries += 1) {
    tell(place, "Расчёт принят. amoCRM пока не отвечает; он появится в сделке сам.", "");
    await new Promise((resolve) => setTimeout(resolve, 5000));
    ({ state } = await ask(authorizedFetch, "get_delivery", { query: { id: answer.delivery_id } }));
  }
  if (state === "delivered") tell(place, "Расчёт сохранён в сделке.", "good");
  if (state === "dead") tell(place, "amoCRM не приняла расчёт. Проверьте сделку и сохраните ещё раз.", "bad");
}

function tell(place, text, kind) {
  const line = place.querySelector(".result");
  line.className = `result ${kind}`;
  line.textContent = text;
  line.hidden = false;
}

async function ask(authorizedFetch, action, { query = {}, ...options } = {}) {
  const url = new URL(API);
  url.search = new URLSearchParams({ action, ...query });
  let answer;
  try {
    answer = await authorizedFetch(url.href, options);
  } catch {
    throw new Error("Сервер не отвечает. Проверьте связь и повторите.");
  }
  const document = await answer.json().catch(() => ({ detail: `Сервер ответил ${answer.status}.` }));
  if (!answer.ok) throw new Error(document.detail);
  return document;
}
