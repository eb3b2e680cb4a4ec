// Read only where a secret is entered: no other view of the panel waits for it.

import { element } from "../ui/dom.js";

/** A secret of somebody else's that is entered. It is no field of a password: into such a one a browser puts what it keeps of
 * this site, the administrator's token, whatever `autocomplete` says. @param {Partial<Omit<HTMLInputElement, "dataset" | "style" | "list" | "form">>} properties */
export const secretField = (properties) => element("input", { className: "secret", autocomplete: "off", autocapitalize: "off", spellcheck: false, ...properties });
