// A calculator as `get_calculator` gives it (features/calculations/compiler.py): its formulas are checked trees.

/** The same text in several languages, by their codes. */
export type InLanguages = Record<string, string>;
export type Worded = string | InLanguages;
/** An exact fraction: over and under, without a common divisor. */
export type Fraction = [bigint, bigint];
/** `[operation, …parts]`: parts are trees, names and texts. */
export type Tree = [string, ...any[]];

export interface Option {
  id: string;
  label: InLanguages;
  price?: string;
  value?: string;
  sku?: string;
  unit?: Worded;
  category?: string;
}

export interface Field {
  id: string;
  kind: "number" | "choice" | "switch" | "text" | "date" | "time" | "rows";
  label: InLanguages;
  when?: Tree;
  /** Of a choice. */
  options: Option[];
  /** Of rows. */
  fields: Field[];
  least?: string | number;
  most?: string | number;
  step?: string | number;
  default?: string | boolean;
  is_half?: boolean;
}

export interface Item {
  option?: string;
  name?: InLanguages;
  each?: string;
  when?: Tree;
  quantity?: Tree;
  least?: string;
  price?: Tree;
  discount?: Tree;
  sku?: string;
  unit?: Worded;
}

export interface Calculator {
  title: InLanguages;
  currency: string;
  fields: Field[];
  items: Item[];
  variables?: { id: string; formula: Tree }[];
  rules?: { refuse: Tree; message: InLanguages }[];
  parameters?: { name: InLanguages; text: InLanguages; each?: string }[];
  discount?: Tree;
  delivery?: Tree;
}

/** What stands in the fields, by their ids: texts, booleans, and rows of the same. */
export type Given = Record<string, any>;
/** What formulas reckon with, by their names. */
export type Values = Record<string, any>;
/** The price and the value of the option that is chosen in a field. */
export interface Prices {
  price(field: string, chosen: string): Fraction;
  value(field: string, chosen: string): Fraction;
}

export interface Line {
  name: string;
  quantity: string;
  unit: string;
  unit_price: string;
  sku?: string;
  discount?: string;
  category?: string;
  amount: string;
}

export interface Result {
  title?: string;
  currency?: string;
  items: Line[];
  discount: string;
  delivery: string;
  total: string;
  parameters: { name: string; value: string }[];
  refused: string | null;
  /** Whether a field is asked now; of a field in rows, with the index of its row. */
  asked(field: string, row?: number | null): boolean;
}
