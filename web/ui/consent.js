// amoCRM's consent window, seen through to its end. It goes to our redirect URI by itself, or (its mode "popup") posts
// where to go to the page that opened it. A blocked window, a phone, a browser that keeps the two apart: then this page
// goes itself, and the finished page leads back.

import { t } from "./i18n.js";

const WIDTH = 750;
const HEIGHT = 580;
// vendor: button.modes (code) In mode "popup" amoCRM posts {url} or {client_id, error, error_description} to the page that
// opened its window; its own script goes there without a look at who sent it. The window is 750 × 580.
// source: button.js of Kommo, of which amoCRM's is the twin
const VENDOR = ["https://www.amocrm.ru", "https://www.kommo.com"];

// `start` begins the consent on the server: `{url, origin, redirectUri}`, `origin` being amoCRM's. Resolves when the window has closed; rejects with
// what amoCRM refused.
/** @typedef {{ url: string, origin: string, redirectUri: string }} Begun */
/** @param {() => Promise<Begun>} start */
export async function consent(start) {
  // The window is opened at the click itself: later the browser would take it for an unwanted popup.
  const opened = window.open("", "amocrm-consent", `popup,width=${WIDTH},height=${HEIGHT}`);
  let begun;
  try {
    begun = await start();
  } catch (error) {
    opened?.close();
    throw error;
  }
  if (!opened) {
    location.assign(begun.url);
    return;
  }
  opened.location.href = begun.url;
  await seenThrough(opened, begun);
}

/** @param {Window} opened @param {Begun} begun */
async function seenThrough(opened, { origin: consentOrigin, redirectUri }) {
  const trusted = new Set([...VENDOR, consentOrigin]);
  const stop = new AbortController();
  const refused = new Promise((_, reject) => {
    addEventListener("message", ({ data, origin, source }) => {
      if (source !== opened || !trusted.has(origin) || typeof data !== "object" || !data) return;
      if (typeof data.url === "string" && (data.url === redirectUri || data.url.startsWith(`${redirectUri}?`))) {
        // amoCRM's window may close itself now, and a new one would be blocked: this page goes, as amoCRM's button does.
        opened.close();
        location.assign(data.url);
      } else if (data.error) {
        opened.close();
        const isDenied = data.error === "access_denied";
        reject(new Error(t(isDenied ? "callback.access_denied.happened" : "callback.consent_failed.happened")));
      }
    }, { signal: stop.signal });
  });
  try {
    await Promise.race([closed(opened), refused]);
  } finally {
    stop.abort();
  }
}

/** @param {Window} opened */
async function closed(opened) {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 400));
  while (!opened.closed) await wait();
  await wait(); // for a message that was posted just before
}
