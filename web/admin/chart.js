// Curves over time, drawn by uPlot, which is loaded when the first of them is shown. Dashes tell curves apart without
// colours, and the same numbers are there as a table.

import { element } from "../ui/dom.js";
import { clock, date, number, t } from "../ui/i18n.js";

const HEIGHT = 170;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [1, 5]];
const MOST_ROWS = 60; // of the table

let loading = null;

function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = element("script", { src: new URL("../vendor/uplot.js", import.meta.url).href });
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => reject(new Error(t("server.silent")));
    document.head.append(element("link", { rel: "stylesheet", href: new URL("../vendor/uplot.css", import.meta.url).href }), script);
  });
  return loading;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// `curves`: [{key, label, colour}], colours by the names of the design system.
export function chart({ title, unit, curves }) {
  const canvas = element("div", { className: "curves" });
  canvas.setAttribute("aria-hidden", "true");
  const rows = element("tbody", {});
  const table = element("table", {}, element("thead", {}, element("tr", {}, element("th", { text: t("overview.when") }), ...curves.map(({ label }) => element("th", { text: label })))), rows);
  const empty = element("p", { className: "soft", text: t("overview.nothing"), hidden: true });
  const place = element("section", { className: "card chart" }, element("h2", { text: unit ? `${title}, ${unit}` : title }), empty, canvas,
    element("details", {}, element("summary", { text: t("overview.as_table") }), element("div", { className: "scrolled", tabIndex: 0 }, table)));
  let drawn = null;
  let last = null;

  const build = async () => {
    const uPlot = await library();
    drawn?.destroy();
    const [starts, series, span] = last;
    const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const short = span < 3600 ? clock : date;
    drawn = new uPlot({
      width: Math.max(canvas.clientWidth, 200), height: HEIGHT,
      scales: { y: { range: (_, least, most) => [0, Math.max(most, 1)] } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map(short), space: 70 }, { ...axis, size: 54, values: (_, ticks) => ticks.map((one) => (Number.isInteger(one) ? number(one) : "")) }],
      series: [{ label: t("overview.when"), value: (_, at) => (at === null ? "—" : `${date(at)} ${clock(at)}`) },
        ...curves.map((one, index) => ({ label: one.label, stroke: colour(one.colour), width: 2, dash: DASHES[index], points: { size: 5 }, spanGaps: true, value: (_, value) => (value === null ? "—" : number(value)) }))],
    }, [starts, ...curves.map(({ key }) => series[key])], canvas);
  };
  const watch = new ResizeObserver(() => drawn?.setSize({ width: Math.max(canvas.clientWidth, 200), height: HEIGHT }));
  watch.observe(canvas);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const again = () => last && void build();
  dark.addEventListener("change", again);

  return {
    place,
    draw(starts, series, span) {
      last = [starts, series, span];
      const some = starts.map((start, index) => [start, curves.map(({ key }) => series[key][index])]).filter(([, values]) => values.some(Boolean));
      empty.hidden = some.length > 0;
      canvas.hidden = some.length === 0;
      rows.replaceChildren(...some.slice(-MOST_ROWS).reverse().map(([start, values]) => element("tr", {}, element("th", { scope: "row", text: `${date(start)} ${clock(start)}` }), ...values.map((value) => element("td", { text: value === null ? "—" : number(value) })))));
      if (some.length) void build();
    },
    close() {
      watch.disconnect();
      dark.removeEventListener("change", again);
      drawn?.destroy();
    },
  };
}
