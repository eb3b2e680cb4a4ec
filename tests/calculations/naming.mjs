// The builder's names without a page: reads lines of {do, document, …} and answers each with the document that came of it.

import { createInterface } from "node:readline";
import "./browser.mjs";

const { allFields, copyOfNamed, copyOfOption, nameAfterLabels, rename, renameOption } = await import("../../web/admin/naming.js");

for await (const line of createInterface({ input: process.stdin })) {
  const { do: wanted, document, field, option, name } = JSON.parse(line);
  const owner = [...allFields(document), ...(document.variables ?? [])].find((one) => one.id === field);
  const chosen = owner?.options?.find((one) => one.id === option);
  let isDone = true;
  if (wanted === "rename") isDone = chosen ? renameOption(document, owner, chosen, name) : rename(document, owner, name);
  if (wanted === "copy" && chosen) owner.options.push(copyOfOption(owner, chosen));
  else if (wanted === "copy") document.fields.push(copyOfNamed(document, owner));
  if (wanted === "publish") nameAfterLabels(document, "en");
  process.stdout.write(`${JSON.stringify({ document, isDone })}\n`);
}
