// Types of the client. What an action takes and answers stands in schema.d.ts, which is made from openapi.yaml.

import type { operations, webhooks } from "./schema.js";

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;
type Sent<Body> = Body extends { pdf?: infer Pdf } ? Omit<Body, "action" | "lead_id" | "pdf"> & { pdf?: Pdf | Blob } : Omit<Body, "action">;
type Asked<Query> = [Query] extends [never] ? Record<string, never> : { [Key in keyof Query]?: string | number };
type Given<Name extends keyof operations> = operations[Name] extends { requestBody: { content: { "application/json": infer Body } } }
  ? Sent<Body>
  : operations[Name] extends { parameters: { query?: infer Query } } ? Asked<NonNullable<Query>> : Record<string, never>;

type Body<Kind extends keyof webhooks> = webhooks[Kind]["post"]["requestBody"]["content"]["application/json"];
/** What a server of yours is told, after its signature was checked: `type` says which kind of `data` it has. */
export type Message = { [Kind in keyof webhooks]: Body<Kind> }[keyof webhooks];

/** What a write has come to; `results` are by its steps. */
export interface Delivery {
  delivery_id: string;
  state: "accepted" | "delivered" | "dead";
  results?: Record<string, Record<string, unknown>>;
  steps?: Record<string, "planned" | "started" | "done">;
  problem?: { code: string; detail: string } | null;
  retry_after?: number;
  /** Of a visit: it is booked, moved or cancelled, and amoCRM has refused it for good (`problem`). */
  needs_a_person?: boolean;
}

type Keyed = "book" | "save_calculation" | "submit_form" | "submit_order" | "sync_contact";
type Answered<Name> = Name extends keyof operations
  ? operations[Name] extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : Record<string, any>
  : never;
type Answer<Name> = Name extends "book" ? Delivery & Pick<Answered<"book">, "booking" | "link"> : Name extends Keyed ? Delivery : Answered<Name>;

export interface CallOptions {
  /** How often it is tried before it is given up, or left to the queue. */
  tries?: number;
  /** The deal, for actions that are about one. */
  lead?: number | string;
  /** Cancels: nothing is sent any more, and nothing waits in the queue. What the server has already stays. */
  signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** The same key again is the same write; without one a new key is made. */
  key?: string;
  /** How far an accepted write is. */
  onProgress?: (delivery: Delivery, phase: "sending" | "accepted") => void;
  /** Bytes of the body that were sent; browsers only. */
  onUpload?: (progress: { sent: number; total: number }) => void;
  /** false: an accepted write is answered as it is, and not waited for. */
  follow?: boolean;
  /** false: this write does not go through the queue. */
  queue?: boolean;
}

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  request_id?: string;
  retry_after?: number;
  errors?: { path: string; detail: string }[];
  delivery_id?: string;
}

export class ApiError extends Error {
  constructor(status: number, problem?: Problem, retryAfter?: number | null);
  /** HTTP's; 0 where there was no answer. */
  readonly status: number;
  /** Stable, for programs; `network` where there was no answer. */
  readonly code: string;
  readonly problem: Problem;
  /** Seconds, as the answer says (`retry_after`), or its header `Retry-After`. */
  readonly retryAfter: number | null;
  /** Of the write that failed, so that it can be sent again as the same. */
  readonly key: string | null;
}

/** amoCRM's `this` of a widget, as far as it is needed. */
export interface Widget {
  system?(): { subdomain?: string; amouser_id?: number | string };
  $authorizedAjax(options: Record<string, unknown>): { done(told: (answer: any) => void): { fail(told: (answer: any) => void): unknown } };
}

export interface ConnectOptions {
  /** The address of crm_api. */
  api: string;
  /** Of your application: a JWT, or what makes one; `refused` is the one that the server has just not taken. */
  token?: string | ((refused?: string) => string | Promise<string>);
  /** Publishable: it stands in a page. */
  siteKey?: string;
  /** Inside amoCRM: the widget itself. A session is opened, and renewed before it ends. */
  widget?: Widget;
  /** The deal that everything is about. */
  lead?: number | string;
  /** Sent with everything, such as X-Account-Domain and X-Widget-Type of an administrator. */
  headers?: Record<string, string>;
  /** How often a call is tried before it fails; 5. */
  tries?: number;
  /** In which language problems are told: ru, en, uk, uz, es, pt. */
  language?: string;
  /** Writes outlive the tab: true, or the name of the queue. */
  queue?: boolean | string;
  /** Whose the writes in the queue are, where the proof does not say it: always the same for a person in an account. */
  caller?: string | number;
  fetch?: typeof fetch;
}

export interface Events {
  session: { isOpen: boolean };
  retry: { action: string; error: ApiError; wait: number; count: number };
  queued: { key: string; action: string };
  /** The server has it; `answer.state` says whether amoCRM has it, too. */
  sent: { key: string; action: string; answer: Delivery };
  failed: { key: string; action: string; error: unknown; isFinal: boolean };
}

export type Methods = {
  [Name in keyof operations as Camel<Name & string>]: (
    given?: Given<Name>,
    options?: Name extends Keyed ? WriteOptions : CallOptions,
  ) => Promise<Answer<Name>>;
};

export interface Client extends Methods {
  on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void;
  call(action: string, given?: object, options?: WriteOptions): Promise<any>;
  resume(): Promise<void>;
  waiting(): Promise<number>;
  discard(key: string): Promise<void>;
  close(): void;
}

export function connect(options: ConnectOptions): Client;
export function newKey(): string;
