/** Answers as they came: their heads, and the whole of one that no method knows. */

import { inspect } from 'node:util';

/** The head of an answer, without secrets. */
export interface ResponseMeta {
  /** The operation, e.g. `machine.deploy`. */
  operation: string;
  /** The HTTP status. */
  status: number;
  /** The headers, names in lower case. */
  headers: Record<string, string>;
  /** How many attempts were made until this answer. */
  attempts: number;
  /** From the beginning of this attempt until the head arrived, in milliseconds. */
  elapsedMs: number;
}

/** Collects the heads of the answers to the calls of `client.withResponseLog(log)`. */
export class ResponseLog {
  /** The heads of all answers, those of attempts that were repeated included, in order of arrival. */
  readonly all: ResponseMeta[] = [];

  /** The head of the latest answer. */
  get last(): ResponseMeta | undefined {
    return this.all.at(-1);
  }
}

/** What a call of any kind sends beside method and path. */
export interface AnyCall {
  /** The query; a list repeats the name. */
  query?: Fields;
  /** A form, which nearly every operation takes. */
  form?: Fields;
  /** Anything else than a form. */
  body?: string | Uint8Array;
  /** The content type of `body`. Default `application/octet-stream`. */
  content_type?: string;
}

type Field = string | number | boolean;

/** Names and values of a query or a form. */
export type Fields = Record<string, Field | Field[] | null | undefined>;

/** The answer to a call of any kind. Printing it does not show the body, which may be secret. */
export class Response {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, names in lower case, without secrets. */
  readonly headers: Record<string, string>;
  /** How many attempts were made. */
  readonly attempts: number;
  readonly #body: Buffer;

  /** @internal */
  constructor(answer: { status: number; headers: Record<string, string> | null; attempts: number; body: string }) {
    this.status = answer.status;
    this.headers = answer.headers ?? {};
    this.attempts = answer.attempts;
    this.#body = Buffer.from(answer.body, 'base64');
  }

  /** The body as it came. */
  get body(): Uint8Array {
    return new Uint8Array(this.#body);
  }

  /** The body as text. */
  text(): string {
    return this.#body.toString('utf8');
  }

  /** The body, read as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** @internal */
  [inspect.custom](): string {
    return `Response { status: ${this.status}, attempts: ${this.attempts}, ${this.#body.length} bytes }`;
  }
}
