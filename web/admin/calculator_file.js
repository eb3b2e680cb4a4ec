// A calculator as a file: read and stored.

import { element } from "../ui/dom.js";

/** The document in it; null where there is none. @param {File} file */
export async function read(file) {
  try {
    const found = JSON.parse(await file.text());
    return Array.isArray(found?.fields) && Array.isArray(found?.items) ? found : null;
  } catch {
    return null;
  }
}

/** @param {import("../../types/draft.js").Draft} document @param {string} name */
export function store(document, name) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(document, null, 1)], { type: "application/json" }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
