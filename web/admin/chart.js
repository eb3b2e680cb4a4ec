// Curves over time, as SVG. Read without hovering: the legend says the sum, or the newest value, of each curve. A pointer
// or the arrow keys choose a moment. Dashes tell curves apart without colours; the same numbers are there as a table.

import { element } from "../ui/dom.js";
import { clock, date, number, t } from "../ui/i18n.js";

const HEIGHT = 170;
const LEFT = 52; // for the numbers beside the grid
const BELOW = 20;
const DASHES = ["", "7 4", "2 3", "10 3 2 3", "1 5"];
const MOST_ROWS = 60; // of the table
const LINES = 4; // of the grid, at most
const LABEL = 74; // pixels for one under the curves
/** @type {Record<string, number>} */
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

const svg = (/** @type {string} */ name, /** @type {Record<string, string | number>} */ attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
};
const shown = (/** @type {number | null} */ value) => (value === null ? "—" : number(value));

// The least of 1, 2, 5, 10, 20 … of which few enough make `most`.
/** @param {number} most */
function step(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 1) / LINES));
  return Math.max(1, [1, 2, 5, 10].map((one) => one * size).find((one) => most / one <= LINES) ?? 10 * size);
}

/** @typedef {{ key: string, label: string, colour: string }} Curve `colour`: by its name in the design system */
/** @typedef {Record<string, (number | null)[]>} Series */
/** @param {{ title: string, unit: string, curves: Curve[], newest?: boolean }} given `newest`: the legend says the newest value and not the sum */
export function chart({ title, unit, curves, newest = false }) {
  const name = unit ? `${title}, ${unit}` : title;
  const canvas = element("div", { className: "curves", tabIndex: 0 });
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-label", name);
  const values = curves.map(() => element("b", {}));
  const when = element("span", { className: "when" });
  const legend = element("p", { className: "legend" }, when, ...curves.map((one, index) => {
    const line = svg("svg", { width: 26, height: 8, "aria-hidden": "true" });
    line.append(svg("line", { x1: 0, x2: 26, y1: 4, y2: 4, "stroke-dasharray": DASHES[index], "stroke-width": 2, class: `of-${one.colour}` }));
    return element("span", {}, line, ` ${one.label} `, values[index]);
  }));
  const rows = element("tbody", {});
  const table = element("table", {}, element("thead", {}, element("tr", {}, element("th", { text: t("overview.when") }), ...curves.map(({ label }) => element("th", { text: label })))), rows);
  const empty = element("p", { className: "soft", text: t("overview.nothing"), hidden: true });
  const place = element("section", { className: "card chart" }, element("h2", { text: name }), empty, canvas, legend,
    element("details", {}, element("summary", { text: t("overview.as_table") }), element("div", { className: "scrolled", tabIndex: 0 }, table)));
  /** @type {number[]} */
  let starts = [];
  /** @type {Series} */
  let series = {};
  let span = 0;
  /** @type {number | null} */
  let chosen = null;
  /** @type {{ mark(index: number | null): void, at(pixels: number): number } | null} */
  let drawn = null;

  const moment = (/** @type {number} */ index) => `${date(starts[index])} ${clock(starts[index])}`;
  const summary = (/** @type {Curve} */ { key }) => (newest ? series[key].findLast((one) => one !== null) ?? null : series[key].reduce((/** @type {number} */ sum, one) => sum + (one ?? 0), 0));

  function tell() {
    when.textContent = chosen !== null ? moment(chosen) : t(newest ? "overview.newest" : "overview.in_all");
    curves.forEach((one, index) => { values[index].textContent = shown(chosen !== null ? series[one.key][chosen] : summary(one)); });
    const spoken = curves.map((one, index) => `${one.label} ${values[index].textContent}`).join(", ");
    canvas.setAttribute("aria-valuetext", `${when.textContent}: ${spoken}`);
    canvas.setAttribute("aria-valuenow", String(chosen ?? starts.length - 1));
    drawn?.mark(chosen);
  }

  /** @param {number | null} index */
  function choose(index) {
    chosen = index === null ? null : Math.min(Math.max(index, 0), starts.length - 1);
    tell();
  }

  function build() {
    const width = Math.max(canvas.clientWidth, 200);
    const most = Math.max(1, ...curves.flatMap(({ key }) => series[key]).map((one) => one ?? 0));
    const apart = step(most), top = Math.ceil(most / apart) * apart;
    const x = (/** @type {number} */ index) => LEFT + (index / Math.max(starts.length - 1, 1)) * (width - LEFT - 8);
    const y = (/** @type {number} */ value) => 6 + (1 - value / top) * (HEIGHT - BELOW - 12);
    const picture = svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
    for (let value = 0; value <= top; value += apart)
      picture.append(svg("line", { class: "grid", x1: LEFT, x2: width - 8, y1: y(value), y2: y(value) }), svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, number(value)));
    const every = Math.max(1, Math.ceil(starts.length / Math.floor((width - LEFT) / LABEL)));
    for (let index = starts.length - 1; index >= 0; index -= every) {
      const anchor = x(index) > width - LABEL / 2 ? "end" : "middle";
      picture.append(svg("text", { x: x(index), y: HEIGHT - 4, "text-anchor": anchor }, (span < 3600 ? clock : date)(starts[index])));
    }
    curves.forEach(({ key, colour: name }, index) => {
      const points = series[key].flatMap((value, at) => (value === null ? [] : [[x(at), y(value)]]));
      picture.append(svg("polyline", { points: points.join(" "), "stroke-dasharray": DASHES[index], class: `of-${name}` }));
      if (points.length === 1) picture.append(svg("circle", { cx: points[0][0], cy: points[0][1], r: 3, class: `of-${name}` }));
    });
    const line = svg("line", { class: "chosen", y1: 6, y2: HEIGHT - BELOW, visibility: "hidden" });
    picture.append(line);
    canvas.replaceChildren(picture);
    drawn = {
      mark(/** @type {number | null} */ index) {
        line.setAttribute("visibility", index === null ? "hidden" : "visible");
        if (index !== null) for (const end of ["x1", "x2"]) line.setAttribute(end, String(x(index)));
      },
      at: (/** @type {number} */ pixels) => Math.round(((pixels - LEFT) / (width - LEFT - 8)) * (starts.length - 1)),
    };
    canvas.setAttribute("aria-valuemin", "0");
    canvas.setAttribute("aria-valuemax", String(starts.length - 1));
    tell();
  }

  canvas.addEventListener("pointermove", (event) => drawn && choose(drawn.at(event.clientX - canvas.getBoundingClientRect().left)));
  canvas.addEventListener("pointerleave", () => choose(null));
  canvas.addEventListener("blur", () => choose(null));
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return choose(null);
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    choose((chosen ?? (KEYS[event.key] > 0 ? -1 : starts.length)) + KEYS[event.key]);
  });
  const watch = new ResizeObserver(() => { if (drawn) build(); });
  watch.observe(canvas);

  return {
    place,
    draw(/** @type {number[]} */ newStarts, /** @type {Series} */ newSeries, /** @type {number} */ newSpan) {
      [starts, series, span, chosen] = [newStarts, newSeries, newSpan, null];
      const some = starts.map((_, index) => ({ index, found: curves.map(({ key }) => series[key][index]) })).filter(({ found }) => found.some(Boolean));
      empty.hidden = some.length > 0;
      canvas.hidden = legend.hidden = some.length === 0;
      rows.replaceChildren(...some.slice(-MOST_ROWS).reverse().map(({ index, found }) => element("tr", {}, element("th", { scope: "row", text: moment(index) }), ...found.map((value) => element("td", { text: shown(value) })))));
      if (some.length) build();
    },
    close: () => watch.disconnect(),
  };
}
