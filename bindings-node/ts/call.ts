/** How a call crosses the border to the native module. */

import { type ErrorInfo, toError } from './error.js';
import { CancelHandle } from './native.js';

/** What every call accepts beside its own arguments. */
export interface CallOptions {
  /** Ends the call: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

type Envelope = { value: unknown } | { error: ErrorInfo };

type Start = (arguments_: string, cancel: CancelHandle) => Promise<string>;

/** @internal */
export function open(envelope: string): unknown {
  const opened = JSON.parse(envelope) as Envelope;
  if ('error' in opened) throw toError(opened.error);
  return opened.value;
}

/** @internal Starts an operation and waits for it, or for the caller's signal. */
export async function call(start: Start, arguments_: object, { signal }: CallOptions = {}): Promise<unknown> {
  signal?.throwIfAborted();
  const handle = new CancelHandle();
  const cancel = (): void => handle.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const envelope = await start(JSON.stringify(arguments_, bytesAsNumbers), handle);
    signal?.throwIfAborted();
    return open(envelope);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** Bytes, such as binary user data, cross as a list of numbers. */
function bytesAsNumbers(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Uint8Array ? Array.from(original) : value;
}
