// How to find the id and the secret, with a drawing of the place.

import { element } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

// amoCRM's window of an integration: the tab with the keys, and the two values that are copied from it.
function drawing() {
  const picture = shape("svg", { viewBox: "0 0 420 190", role: "img", "aria-label": t("help.picture") });
  const ink = "currentColor";
  picture.append(
    shape("rect", { x: 8, y: 8, width: 404, height: 174, rx: 8, fill: "none", stroke: ink, "stroke-opacity": 0.35 }),
    shape("text", { x: 24, y: 36, "font-size": 14, "font-weight": 600, fill: ink }, t("help.picture_title")),
    shape("text", { x: 24, y: 62, "font-size": 12, fill: ink, "fill-opacity": 0.6 }, t("help.picture_tabs")),
    shape("line", { x1: 24, y1: 70, x2: 396, y2: 70, stroke: ink, "stroke-opacity": 0.25 }));
  /** @type {[string, number][]} */
  const values = [[t("crm.client_secret"), 84], [t("crm.client_id"), 130]];
  values.forEach(([name, y], index) => {
    picture.append(
      shape("text", { x: 24, y: y + 20, "font-size": 12, fill: ink }, name),
      shape("rect", { x: 160, y, width: 200, height: 32, rx: 6, fill: "none", stroke: "var(--accent)", "stroke-width": 2 }),
      shape("text", { x: 172, y: y + 20, "font-size": 12, fill: ink, "fill-opacity": 0.6 }, index ? "3f2504e0-4f89-11d3-…" : "••••••••••••••••••"),
      shape("circle", { cx: 384, cy: y + 16, r: 11, fill: "var(--accent)" }),
      shape("text", { x: 384, y: y + 20, "font-size": 12, "text-anchor": "middle", fill: "var(--on-accent)" }, index ? "2" : "1"));
  });
  return picture;
}

export function help() {
  const steps = [1, 2, 3, 4, 5].map((step) => element("li", { text: t(`help.step_${step}`) }));
  return element("details", {}, element("summary", { text: t("help.title") }), element("ol", {}, ...steps), element("figure", {}, drawing()),
    element("p", { className: "soft", text: t("help.local") }));
}
