// A calculator's document as people edit it (features/calculations/calculator.py): its formulas are texts, and it may be
// unfinished or wrong.

import type { InLanguages, Option, Worded } from "./calculator.js";

export type { Option };

export interface Field {
  id: string;
  kind: string;
  label: InLanguages;
  when?: string;
  /** Of a choice. */
  options?: Option[];
  /** Of rows. */
  fields?: Field[];
  unit?: string;
  least?: string | number;
  most?: string | number;
  step?: string | number;
  default?: string | number | boolean;
  is_half?: boolean;
}

export interface Variable {
  id: string;
  formula?: string;
}

export interface Item {
  option?: string;
  name?: InLanguages;
  each?: string;
  when?: string;
  quantity?: string;
  measure?: string;
  least?: string;
  price?: string;
  discount?: string;
  sku?: string;
  unit?: Worded;
}

export interface Rule {
  refuse?: string;
  message: InLanguages;
}

export interface Parameter {
  name?: InLanguages;
  text?: InLanguages;
  each?: string;
}

export interface Draft {
  title: InLanguages;
  currency: string;
  fields: Field[];
  items: Item[];
  variables?: Variable[];
  rules?: Rule[];
  parameters?: Parameter[];
  discount?: string;
  delivery?: string;
}

/** What a formula may name: besides all fields, those of the rows of that id, or `subtotal`; or only fields before one. */
export type Scope = string | null | undefined | { until: Field };
