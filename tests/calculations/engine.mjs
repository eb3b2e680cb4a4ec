// The page's engine without a page: reads lines of {calculator, values, language} and answers each with what it makes.

import { createInterface } from "node:readline";
import "./browser.mjs";

const { reckon } = await import("../../web/widget/engine.js");

for await (const line of createInterface({ input: process.stdin })) {
  const { calculator, values, language } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(reckon(calculator, values, language))}\n`);
}
