// The panel: connections, the form for a new one, the addresses to copy, and the event log.
// The administrator token is kept for this browser session only.

const API = new URL("..", location.href).href.replace(/\/$/, "");
const TOKEN_KEY = "administrator-token";
const $ = (id) => document.getElementById(id);

const STATUS = {
  pending: "ждёт авторизации",
  connected: "подключено",
  reauth_required: "нужна повторная авторизация",
  disconnected: "отключено",
};
const WIDGETS = { glass: "Стекло", countertop: "Столешницы", clinic: "Запись в клинику" };
// The log's own words are English; people read these. A kind that is not here is shown as it is written.
const EVENTS = {
  "account.renamed": "Аккаунт переименован: новый адрес найден.",
  "authorization.denied": "В amoCRM отказали в доступе.",
  "authorization.failed": "Авторизация не удалась.",
  "connection.authorised": "Аккаунт подключён.",
  "connection.changed": "Сохранены новые ID или ключ.",
  "connection.disconnected": "Подключение закончено.",
  "connection.reauth_required": "Нужна повторная авторизация.",
  "connection.saved": "Сохранены ID и ключ; аккаунт ещё не авторизован.",
  "connection.token_saved": "Аккаунт подключён долгосрочным токеном.",
  "connection.switch_off_doubted": "amoCRM сообщила об отключении, но подключение работает.",
  "delivery.accepted": "Запись в сделку принята.",
  "delivery.dead": "Запись в сделку не удалась.",
  "delivery.deferred": "Запись в сделку отложена, повторим сами.",
  "delivery.step_done": "Шаг записи в сделку выполнен.",
  "delivery.retried": "Запись в сделку повторяется.",
  "settings.saved": "Настройки сохранены.",
  "delivery.delivered": "Записано в сделку.",
  "token.ending": "Долгосрочный токен скоро закончится.",
  "token.refresh_claimed": "Начато обновление токена.",
  "token.refresh_failed": "Токен не обновился, повторим сами.",
  "token.refresh_outcome_unknown": "amoCRM не ответила на обновление токена, проверим позже.",
  "token.refreshed": "Токен обновлён.",
};
const ADDRESSES = { redirect_uri: "Redirect URI", hook_url: "Хук отключения", widget_url: "Адрес виджета" };

class ApiError extends Error {
  constructor(status, problem) {
    const errors = (problem.errors ?? []).map(({ path, detail }) => (path ? `${path}: ${detail}` : detail));
    super(errors.length ? errors.join("; ") : problem.detail);
    this.status = status;
  }
}

async function call(action, { method = "GET", body, query = {}, connection } = {}) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY)}` };
  if (body) headers["Content-Type"] = "application/json";
  if (connection) {
    headers["X-Account-Domain"] = connection.account_domain;
    headers["X-Widget-Type"] = connection.widget_type;
  }
  let answer;
  try {
    const search = new URLSearchParams({ action, ...query });
    answer = await fetch(`${API}/?${search}`, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new ApiError(0, { detail: "Сервер не отвечает. Проверьте связь и повторите." });
  }
  const document = await answer.json().catch(() => ({ detail: `Сервер ответил ${answer.status}.` }));
  if (!answer.ok) throw new ApiError(answer.status, document);
  return document;
}

function element(name, { text, ...attributes } = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

// --- connections -----------------------------------------------------------------------------------------------

let following = null;

async function showConnections({ append = false } = {}) {
  const query = append && following ? { after: following } : {};
  const { connections, next, ...addresses } = await call("connection_status", { query });
  following = next;
  const rows = connections.map(connectionRow);
  if (append) $("connections").append(...rows);
  else $("connections").replaceChildren(...rows);
  $("none").hidden = $("connections").children.length > 0;
  $("more").hidden = !next;
  showAddresses(addresses);
}

function connectionRow(connection) {
  const facts = element("div", { className: "facts" },
    element("b", { text: connection.account_domain }), " · ",
    WIDGETS[connection.widget_type] ?? connection.widget_type, element("br"),
    element("span", { className: `status ${connection.status}`, text: STATUS[connection.status] }));
  if (connection.status === "connected") {
    facts.append(element("span", { className: "soft", text: ` · токен до ${moment(connection.token_expires_at)}, обновится сам` }));
  }
  if (connection.problem) facts.append(element("p", { className: "error", text: connection.problem.detail }));
  const actions = element("div", { className: "actions" });
  actions.append(element("button", {
    text: connection.status === "connected" ? "Авторизовать заново" : "Авторизовать в amoCRM",
    className: connection.status === "connected" ? "quiet" : "",
    onclick: (event) => busy(event.target, () => authorise(connection)),
  }));
  if (connection.status === "connected") {
    actions.append(element("button", {
      text: "Отключить", className: "quiet", onclick: (event) => busy(event.target, () => disconnect(connection)),
    }));
  }
  return element("li", {}, facts, actions);
}

async function authorise(connection) {
  // The window is opened at the click itself: later the browser would take it for an unwanted popup.
  const popup = window.open("", "amocrm-consent", "popup,width=620,height=720");
  try {
    const { connect_url } = await call("start_connection", { method: "POST", body: { language: "ru" }, connection });
    if (popup) popup.location = connect_url;
    else location.assign(connect_url);
  } catch (error) {
    popup?.close();
    throw error;
  }
  if (popup) void followConsent(popup);
}

// The callback page tells us when it is done. Where the browser keeps the two apart, the window's end tells.
async function followConsent(popup) {
  while (!popup.closed) await new Promise((resolve) => setTimeout(resolve, 700));
  await refresh();
}

async function disconnect(connection) {
  if (!confirm(`Отключить ${connection.account_domain}? Виджеты перестанут работать до новой авторизации.`)) return;
  await call("disconnect", { method: "POST", connection });
  await refresh();
}

// --- addresses and events --------------------------------------------------------------------------------------

function showAddresses(addresses) {
  $("addresses").replaceChildren(...Object.entries(addresses).map(([name, url]) => {
    const copy = element("button", { text: "Копировать", className: "quiet", type: "button" });
    copy.onclick = async () => {
      await navigator.clipboard.writeText(url);
      copy.textContent = "Скопировано";
      setTimeout(() => { copy.textContent = "Копировать"; }, 1500);
    };
    return element("div", {}, element("dt", { text: ADDRESSES[name] ?? name }),
      element("dd", {}, element("code", { text: url }), copy));
  }));
}

async function showEvents() {
  const { events } = await call("get_events", { query: { limit: "30" } });
  $("no-events").hidden = events.length > 0;
  $("events").replaceChildren(...events.map(({ at, level, kind, message, account_domain, widget_type }) =>
    element("li", { className: level }, EVENTS[kind] ?? message,
      level === "info" ? "" : element("small", { text: message }),
      element("small", { text: [moment(at), account_domain, WIDGETS[widget_type] ?? widget_type].filter(Boolean).join(" · ") }))));
}

function moment(text) {
  return new Date(text).toLocaleString("ru-RU", { dateStyle: "medium", timeStyle: "short" });
}

// --- the page --------------------------------------------------------------------------------------------------

async function refresh() {
  await shown($("list-error"), async () => {
    await Promise.all([showConnections(), showEvents()]);
  });
}

async function shown(place, work) {
  place.textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    place.textContent = error.message;
    if (error.status === 401) signOut();
    return false;
  }
}

async function busy(button, work) {
  button.disabled = true;
  await shown($("list-error"), work);
  button.disabled = false;
}

function signOut() {
  sessionStorage.removeItem(TOKEN_KEY);
  $("panel").hidden = true;
  $("leave").hidden = true;
  $("sign-in").hidden = false;
  $("token").focus();
}

async function enter() {
  const isIn = await shown($("sign-in-error"), async () => {
    await Promise.all([showConnections(), showEvents()]);
  });
  if (!isIn) return;
  $("sign-in").hidden = true;
  $("panel").hidden = false;
  $("leave").hidden = false;
}

$("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, $("token").value.trim());
  $("token").value = "";
  void enter();
});

$("leave").addEventListener("click", signOut);
$("more").addEventListener("click", (event) => busy(event.target, () => showConnections({ append: true })));

$("connection-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  await shown($("form-error"), async () => {
    const body = {
      widget_type: $("widget-type").value,
      account_domain: $("account-domain").value,
      client_id: $("client-id").value.trim(),
      client_secret: $("client-secret").value.trim() || null,
    };
    const { connection } = await call("save_connection", { method: "POST", body });
    $("account-domain").value = connection.account_domain;
    $("client-secret").value = "";
    await refresh();
  });
  button.disabled = false;
});

window.addEventListener("message", ({ data }) => {
  // Only a hint to look again: what is shown comes from our own server.
  if (data?.type === "amocrm-connection") void refresh();
});

if (sessionStorage.getItem(TOKEN_KEY)) await enter();
