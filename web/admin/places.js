// The panel's places and their views: who may see them, and which connections have them.

import { isCalculator, may } from "./session.js";

/** @typedef {{ module: string, right: string, isOf?: (widgetType: string) => boolean }} View */

/** @type {Record<string, { title: string, views: Record<string, View> }>} */
export const PLACE_VIEWS = {
  overview: { title: "tab.overview", views: { "": { module: "overview", right: "see" }, deliveries: { module: "deliveries", right: "see" }, log: { module: "log", right: "see" } } },
  connections: { title: "crm.title", views: { "": { module: "connections", right: "see" } } },
  people: { title: "tab.people", views: { "": { module: "people", right: "manage" } } },
};

/** @type {Record<string, View>} */
export const CONNECTION_VIEWS = {
  "": { module: "summary", right: "see" },
  calculator: { module: "calculator", right: "manage", isOf: isCalculator },
  appointments: { module: "bookings", right: "see" },
  site: { module: "site", right: "manage" },
  incoming: { module: "incoming", right: "see" },
  events: { module: "events", right: "see" },
  automations: { module: "automations", right: "see" },
  deliveries: { module: "deliveries", right: "see" },
  log: { module: "log", right: "see" },
  settings: { module: "settings", right: "manage" },
};

/** The places that whoever is signed in has. */
export const places = () => Object.keys(PLACE_VIEWS).filter((name) => may(PLACE_VIEWS[name].views[""].right));

/** The views of a place, by name, that they have. @param {string} place @param {[string, string] | null} account */
export function viewsOf(place, account) {
  const all = account ? CONNECTION_VIEWS : PLACE_VIEWS[place].views;
  return Object.fromEntries(Object.entries(all).filter(([, { right, isOf }]) => may(right) && (!account || !isOf || isOf(account[1]))));
}

/** The name of a view as people read it. @param {string} place @param {string} view */
export const titleOf = (place, view) => (place === "connection" ? `tab.${view === "" ? "summary" : view === "appointments" ? "bookings" : view}` : view ? `tab.${view}` : PLACE_VIEWS[place].title);
