// Node 20 does not read HTTPS_PROXY by itself; this does it for fetch and for the module https, and nothing else.
const https = require("node:https");
const { HttpsProxyAgent } = require("https-proxy-agent");
const { EnvHttpProxyAgent, setGlobalDispatcher } = require("undici");

setGlobalDispatcher(new EnvHttpProxyAgent());
https.globalAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY);
