import { type ErrorInfo, type PaletteMaasError, toError } from './error.js';

/** The elements of an answer that could be read; `unreadable` has one error for each of the others. */
export class List<T> extends Array<T> {
  /** One error, with its JSON path, for each element that could not be read. */
  unreadable: PaletteMaasError[] = [];

  /** Arrays made from this one are plain. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** @internal */
export function toList<T>(answer: unknown): List<T> {
  const { items, unreadable } = answer as { items: T[]; unreadable: ErrorInfo[] };
  const list = new List<T>();
  // One by one: `push(...items)` overflows the stack for long lists.
  for (const item of items) list.push(item);
  Object.defineProperty(list, 'unreadable', { value: unreadable.map(toError), enumerable: false });
  return list;
}
