// Signing in: by a token, by a link that works once, or by the operator's issuer. Whoever came for a view sees just that
// afterwards; what was typed stays behind the sign-in, and is there again for the same person.

import { API, call as callApi } from "../ui/api.js";
import { $ } from "../ui/dom.js";
import { has, t } from "../ui/i18n.js";
import { ofTab } from "../ui/storage.js";
import { busy, button } from "./pieces.js";
import { known, token } from "./session.js";

const WANTED = "wanted-address"; // where somebody was to go who signs in elsewhere first
/** @type {(me: import("./session.js").Me) => Promise<void>} */
let entered = async () => {};

// The token is thrown away only where the server has said that it is none.
/** @param {string} reason */
export function askToken(reason) {
  token.remove();
  show(reason);
}

/** `again`: what was tried in vain, and may come true later. @param {string} reason @param {(() => Promise<void>) | null} again */
function show(reason, again = null) {
  $("panel").hidden = true;
  $("places").hidden = true;
  $("leave").hidden = true;
  $("find").hidden = true;
  $("me").textContent = "";
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = reason;
  $("sign-in-again").replaceChildren(...(again ? [button("again", (pressed) => busy(pressed, again, $("sign-in-error")), "quiet")] : []));
  ($("sign-in-again").firstChild ?? $("token")).focus();
  if ($("by-issuer").hidden) void offerIssuer();
}

// Where the operator has set an issuer, one signs in there as well.
export const issuer = async () => (await callApi("get_sign_in", {})).issuer;

async function offerIssuer() {
  const offered = await issuer().catch(() => null); // then a token or a link does it
  if (!offered) return;
  const link = $("by-issuer").firstElementChild;
  link.textContent = t("signin.by_issuer", { name: offered.name });
  link.href = `${API}/begin_sign_in`;
  link.onclick = () => ofTab.set(WANTED, location.hash);
  $("by-issuer").hidden = false;
}

async function enter() {
  let me;
  try {
    me = await known();
  } catch (failed) {
    const error = /** @type {Error & { status?: number }} */ (failed);
    if (error.status === 401) askToken(error.message);
    else show(error.message, enter);
    return;
  }
  $("sign-in").hidden = true;
  $("panel").hidden = false;
  $("places").hidden = false;
  $("leave").hidden = false;
  $("find").hidden = false;
  $("me").textContent = me.name === "ADMIN_TOKENS" ? "" : me.name;
  await entered(me);
}

// A sign-in link, or the way back from the issuer: it works once, and its code goes out of the address at once. Where it
// could not be used, it is kept on the page, which tries it again.
/** @param {string} code */
async function enterByLink(code) {
  history.replaceState(null, "", location.pathname + location.search + (ofTab.get(WANTED) ?? ""));
  ofTab.remove(WANTED);
  try {
    const { token: made } = await callApi("sign_in", { Authorization: `Bearer ${code}` }, { method: "POST" });
    token.set(made);
  } catch (failed) {
    const error = /** @type {Error & { status?: number }} */ (failed);
    show(error.message, error.status === 401 ? null : () => enterByLink(code));
    return;
  }
  await enter();
}

/** `then` is called with whoever is in, each time. @param {(me: import("./session.js").Me) => Promise<void>} then */
export function begin(then) {
  entered = then;
  $("sign-in-form").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    token.set($("token").value.trim());
    $("token").value = "";
    void enter();
  });
  // A link that is opened in this very tab is another fragment only.
  addEventListener("hashchange", () => { if (location.hash.startsWith("#invite=")) location.reload(); });
  const { invite: invited, refused } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (invited) void enterByLink(invited);
  else if (refused) {
    history.replaceState(null, "", location.pathname + location.search + (ofTab.get(WANTED) ?? ""));
    askToken(has(`signin.refused_${refused}`) ? t(`signin.refused_${refused}`) : t("signin.refused_issuer"));
  } else if (token.get()) void enter();
  else askToken("");
}
