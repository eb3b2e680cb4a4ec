// As tests/peers/steps.py.
const [subdomain, clientId, clientSecret, redirectUri, code, leadIdText] = process.argv.slice(2);
const told = [];

async function step(name, work) {
  try {
    const result = await work();
    if (result === false) throw new Error("not what was expected");
    told.push({ step: name, error: null });
    return result;
  } catch (error) {
    const more = error?.response ? ` ${JSON.stringify(error.response).slice(0, 200)}` : "";
    told.push({ step: name, error: `${error?.name}: ${String(error?.message).slice(0, 300)}${more}` });
    return null;
  }
}

function finish(limits = {}) {
  console.log(JSON.stringify({ steps: told, limits }));
  process.exit(0); // some clients keep timers and sockets
}

module.exports = { subdomain, host: `${subdomain}.amocrm.ru`, clientId, clientSecret, redirectUri, code, leadId: Number(leadIdText), step, finish };
