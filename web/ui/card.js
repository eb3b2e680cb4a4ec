// What a page in amoCRM's deal card has of its card (web/widget/archive/script.js): the deal, a session for it, another
// session when that one has ended, and a frame that is as tall as the page.

const SOURCE = "amocrm-functions";
const LONGEST_WAIT = 60_000; // milliseconds, for another session

// `given`: the address' fragment, which no server sees: `session`, `lead`, `pages`, and `card`, the origin of the card.
// Returns {lead, pages, access}; `access` is how `connect` of the client asks: a call whose session has ended is
// repeated as it was, its idempotency key too, with the session that the card hands over meanwhile.
export function inCard(given = new URLSearchParams(location.hash.slice(1))) {
  history.replaceState(null, "", location.pathname + location.search);
  const card = given.get("card");
  let token = given.get("session") ?? "";
  /** @typedef {{ status: number, problem: object } | null | undefined} Renewal */
  /** @type {Promise<Renewal> | null} */
  let renewing = null; // one at a time, whatever number of calls wait for it

  // What is told to no origin in particular is no secret: a height, and a word about the session.
  /** @param {object} message */
  const tell = (message, origin = "*") => window.parent !== window && window.parent.postMessage({ source: SOURCE, ...message }, origin);
  new ResizeObserver(() => tell({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) })).observe(document.body);

  // null when there is another session; else what the card was answered, `{status, problem}`; undefined where it is silent.
  /** @returns {Promise<Renewal>} */
  const renewed = () => new Promise((resolve) => {
    /** @param {Renewal} result */
    const over = (result) => {
      clearTimeout(timer);
      removeEventListener("message", heard);
      resolve(result);
    };
    /** @param {MessageEvent} event */
    const heard = ({ source, origin, data }) => {
      if (source !== window.parent || origin !== card || data?.source !== SOURCE) return;
      if (data.session === "new" && typeof data.token === "string") {
        token = data.token;
        over(null);
      } else if (data.session === "refused") over({ status: Number(data.status) || 0, problem: data.problem ?? {} });
    };
    const timer = setTimeout(() => over(undefined), LONGEST_WAIT);
    addEventListener("message", heard);
    tell({ session: "wanted" }, card ?? "");
  });

  /** @type {typeof fetch} */
  const asking = async (address, options) => {
    const used = token;
    const send = () => fetch(address, { ...options, headers: { .../** @type {Record<string, string>} */ (options?.headers), Authorization: `Bearer ${token}` } });
    const answer = await send();
    if (answer.status !== 401) return answer;
    if (!card) return answer; // opened by nobody who could hand over another one
    const refusal = token === used ? await (renewing ??= renewed().finally(() => { renewing = null; })) : null;
    if (refusal === undefined) return answer;
    if (refusal?.status === 0) throw new TypeError("The card has no answer.");
    return refusal ? new Response(JSON.stringify(refusal.problem), { status: refusal.status }) : send();
  };
  return { lead: given.get("lead") ?? "", pages: (given.get("pages") ?? "").split(",").filter(Boolean), access: { token: () => token, fetch: asking } };
}
