// What web/ui/i18n.js asks of a browser, in Node.

import { readFileSync } from "node:fs";

globalThis.location = { search: "?lang=en" };
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] } });
globalThis.document = { referrer: "" };
globalThis.fetch = async (address) => ({ ok: true, json: async () => JSON.parse(readFileSync(address)) });
