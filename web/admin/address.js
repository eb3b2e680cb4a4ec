// Where somebody is in the panel, as the fragment of its address: `#/overview/deliveries?state=dead`, and of a connection
// `#/DOMAIN/TYPE/VIEW/ENTRY?FILTERS`. Whoever is sent one and signs in sees just that.

/**
 * @typedef {object} Address
 * @property {string} place overview, connections, people; of a connection: connection
 * @property {[string, string] | null} account of a connection: the account's domain and the widget type
 * @property {string} view "" for the place's first one
 * @property {string | null} entry what is opened
 * @property {Record<string, string>} query filters and the page
 */

export const PLACES = ["overview", "connections", "people"];

// Views as the panel's addresses of one page called them, before connections had places of their own.
/** @type {Record<string, string>} */
const OLD = { crm: "", overview: "", people: "", calculator: "calculator", bookings: "appointments", settings: "settings", site: "site", form: "site", incoming: "incoming", events: "events", automations: "automations", deliveries: "deliveries", log: "log" };

/** @param {Partial<Address>} address @returns {string} */
export function written({ place = "connection", account = null, view = "", entry = null, query = {} }) {
  const parts = [...(account ?? [place]), ...(view || entry ? [view] : []), ...(entry ? [entry] : [])];
  const filters = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${filters ? `?${filters}` : ""}`;
}

/** What a fragment names; null for none, or one that nobody has written. @param {string} hash @returns {Address | null} */
export function read(hash) {
  if (!hash.startsWith("#/")) return null;
  const [path, filters = ""] = hash.slice(2).split(/\?(.*)/s);
  const parts = path.split("/").map(decoded);
  const query = Object.fromEntries(new URLSearchParams(filters));
  const isPlace = PLACES.includes(parts[0]);
  if (!isPlace && (parts.length < 2 || !parts[0].includes("."))) return null;
  /** @type {[string, string] | null} */
  const account = isPlace ? null : [parts[0].toLowerCase(), parts[1]];
  const [view = "", entry = ""] = parts.slice(isPlace ? 1 : 2);
  return { place: isPlace ? parts[0] : "connection", account, view, entry: entry || null, query };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

/**
 * What an address of before meant, with the connection that was chosen last; null for none of them.
 * @param {string} hash @param {[string, string] | null} last @returns {Address | null}
 */
export function readOld(hash, last) {
  const [name, what = "", domain, type] = hash.slice(1).split("/").map(decoded);
  if (!Object.hasOwn(OLD, name)) return null;
  const at = (/** @type {Partial<Address>} */ given) => ({ place: "overview", account: null, view: "", entry: null, query: {}, ...given });
  if (name === "overview" || name === "people") return at({ place: name });
  if (name === "crm") return at({ place: "connections" });
  if (name === "deliveries" && ["accepted", "dead"].includes(what)) return at({ view: "deliveries", query: { state: what } });
  if (name === "incoming" && what === "taken") return at({ place: "connections", query: { todo: "unread_bodies" } });
  /** @type {[string, string] | null} */
  const account = domain && type ? [domain, type] : last;
  if (account) return at({ place: "connection", account, view: OLD[name], entry: what || null });
  if (name === "log") return at({ view: "log" });
  return at({ place: "connections", query: { view: OLD[name] } });
}
