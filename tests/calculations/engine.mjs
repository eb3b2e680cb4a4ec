// The page's engine without a page: reads lines of {calculator, values, language} and answers each with what it makes.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

// What web/ui/i18n.js asks of a browser.
globalThis.location = { search: "?lang=en" };
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] } });
globalThis.document = { referrer: "" };
globalThis.fetch = async (address) => ({ json: async () => JSON.parse(readFileSync(address)) });

const { reckon } = await import("../../web/widget/engine.js");

for await (const line of createInterface({ input: process.stdin })) {
  const { calculator, values, language } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(reckon(calculator, values, language))}\n`);
}
