// Dates and times in Uzbek, as the Unicode CLDR has them. Chromium, which knows the language by its name alone, would write
// "2026 M11 30, Mon" and "-5 min".

const MONTHS = ["yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avgust", "sentabr", "oktabr", "noyabr", "dekabr"];
const MONTHS_SHORT = ["yan", "fev", "mar", "apr", "may", "iyn", "iyl", "avg", "sen", "okt", "noy", "dek"];
const WEEKDAYS = ["dushanba", "seshanba", "chorshanba", "payshanba", "juma", "shanba", "yakshanba"];
const WEEKDAYS_SHORT = ["Dush", "Sesh", "Chor", "Pay", "Jum", "Shan", "Yak"];
const ENGLISH = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const STYLES = {
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" }, long: { day: "numeric", month: "long", year: "numeric" },
  medium: { day: "numeric", month: "short", year: "numeric" },
};
/** @type {Record<string, [string, string]>} */
const UNITS = { day: ["kun", "kun"], hour: ["soat", "soat"], minute: ["daqiqa", "daq."], second: ["soniya", "son."] };
/** @type {Record<string, string>} */
const NEAR = { "-1 day": "kecha", "1 day": "ertaga", "0 second": "hozir" };

/** @param {Date} at @param {Intl.DateTimeFormatOptions} style */
export function dated(at, { dateStyle, timeStyle, timeZone, ...wished }) {
  if (Number.isNaN(at.valueOf())) return String(at);
  const { weekday, day, month, year } = dateStyle ? STYLES[dateStyle] : wished;
  const english = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const part = Object.fromEntries(english.formatToParts(at).map(({ type, value }) => [type, value]));
  return [
    weekday && (weekday === "long" ? WEEKDAYS : WEEKDAYS_SHORT)[ENGLISH.indexOf(part.weekday)],
    day && `${Number(part.day)}-${(month === "long" ? MONTHS : MONTHS_SHORT)[Number(part.month) - 1]}`,
    year && part.year, timeStyle && `${part.hour}:${part.minute}`,
  ].filter(Boolean).join(", ");
}

/** @param {number} count @param {string} unit */
export const ago = (count, unit) => NEAR[`${count} ${unit}`] ?? `${Math.abs(count)} ${UNITS[unit][0]}${count < 0 ? " oldin" : "dan keyin"}`;

/** @param {number} count @param {string} unit */
export const lasting = (count, unit) => `${count} ${UNITS[unit][1]}`;
