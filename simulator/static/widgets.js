// Hosts widgets in a deal card as amoCRM does: an AMD module from the uploaded archive, and what its `this` has there.
// Source: amoCRM's documentation, "Widgets": script.js, its methods and callbacks.

const $ = window.jQuery;
const places = document.querySelector(".widgets");
const { domain, subdomain, leadId, userId, user } = places?.dataset ?? {};

window.APP = {
  data: { current_card: { id: Number(leadId) } },
  lang_id: places?.dataset.language ?? "ru",
  constant: (name) => (name === "account" ? { subdomain, language: window.APP.lang_id } : undefined),
};

let defined = null;
window.define = (needed, factory) => { defined = { needed, factory }; };
window.define.amd = {};

async function load(url) {
  const script = Object.assign(document.createElement("script"), { src: url });
  const loaded = new Promise((resolve, reject) => { script.onload = resolve; script.onerror = () => reject(new Error(`${url} did not load`)); });
  document.head.append(script);
  await loaded;
  const { needed, factory } = defined;
  const known = { jquery: $ };
  return factory(...needed.map((name) => known[name]));
}

async function host(section) {
  const { clientId } = section.dataset;
  const base = `/at/${domain}/widgets/${clientId}`;
  const manifest = await (await fetch(`${base}/manifest.json`)).json();
  const language = manifest.widget.locale.includes(window.APP.lang_id) ? window.APP.lang_id : manifest.widget.locale[0];
  const words = await (await fetch(`${base}/i18n/${language}.json`)).json();
  const Widget = await load(`${base}/script.js`);
  Object.assign(Widget.prototype, {
    system: () => ({ area: "lcard", amouser_id: Number(userId), amouser: user, subdomain, server: `https://${domain}` }),
    get_settings: () => ({ widget_code: `w${clientId.slice(0, 8)}`, path: base, active: "Y" }),
    i18n: (key) => key.split(".").reduce((inner, part) => inner?.[part], words) ?? key,
    render_template: ({ render }) => { section.querySelector(".body").innerHTML = render; },
    // Every call carries a fresh one-time token of the integration.
    $authorizedAjax: (options) => $.getJSON(`/at/${domain}/one-time-token`, { client_id: clientId })
      .then(({ token }) => $.ajax({ ...options, headers: { ...options.headers, "X-Auth-Token": token } })),
  });
  const { callbacks } = new Widget();
  if (!manifest.locations.some((location) => location.startsWith("lcard"))) return;
  for (const name of ["init", "render", "bind_actions"]) if (!callbacks[name]()) throw new Error(`${name} did not return true`);
}

for (const section of document.querySelectorAll(".widget")) {
  try {
    await host(section);
  } catch (error) {
    section.querySelector(".body").textContent = `${places.dataset.failed}: ${error.message}`;
  }
}
