// Makes what is made: schema.d.ts from the interface's description (JSON on stdin), and dist/amocrm-functions.js, one classic
// script for old pages, with everything in `AmocrmFunctions`. Called by `python -m cli client`.

import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import openapiTS, { astToString } from "openapi-typescript";

const here = new URL("./", import.meta.url);
const head = "// Made from openapi.yaml by `python -m cli client`.\n";
const types = astToString(await openapiTS(JSON.parse(await text(process.stdin)), { alphabetize: true, defaultNonNullable: false }));
writeFileSync(new URL("schema.d.ts", here), head + types);
const common = { entryPoints: [new URL("index.js", here).pathname], bundle: true, minify: true, target: "es2021" };
await build({ ...common, format: "iife", globalName: "AmocrmFunctions", outfile: new URL("dist/amocrm-functions.js", here).pathname });
