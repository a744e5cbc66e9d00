/** How a call crosses the border to the native module. */

import { type ErrorInfo, invalidInput, PaletteMaasError, toError } from './error.js';
import { type LogRecord, currentLogger, tellLogger } from './log.js';
import { CallHandle } from './native.js';
import type { ResponseLog, ResponseMeta } from './response.js';
import type { WaitProgress } from './wait.js';

/** What every call accepts beside its own arguments. */
export interface CallOptions {
  /** Ends the call: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** The longest time for one attempt, in milliseconds, instead of the client's; for a list, the longest silence. */
  timeoutMs?: number;
}

type Envelope = { value: unknown } | { error: ErrorInfo };

type Start = (arguments_: string, settings: string, handle: CallHandle, listener: () => void) => Promise<string>;

/** @internal Who hears what is told during a call. */
export interface Hearing {
  log?: ResponseLog | undefined;
  onProgress?: ((progress: WaitProgress) => void) | undefined;
  /** The name of the API in log records. */
  logger?: string;
}

/** @internal */
export function open(envelope: string): unknown {
  const opened = JSON.parse(envelope) as Envelope;
  if ('error' in opened) throw toError(opened.error);
  return opened.value;
}

/** @internal Starts an operation and waits for it, or for the caller's signal. */
export async function call(start: Start, arguments_: object, options?: CallOptions | null, hearing: Hearing = {}): Promise<unknown> {
  const { signal, ...settings } = options ?? {};
  if (signal !== undefined && signal !== null && typeof signal.throwIfAborted !== 'function') {
    throw invalidInput('`signal` is no AbortSignal');
  }
  if (hearing.onProgress !== undefined && hearing.onProgress !== null && typeof hearing.onProgress !== 'function') {
    throw invalidInput('`onProgress` is no function');
  }
  signal?.throwIfAborted();
  const logger = hearing.logger === undefined ? undefined : currentLogger();
  const handle = new CallHandle();
  const cancel = (): void => handle.cancel();
  let thrown: { reason: unknown } | undefined;
  const listen = (): void => {
    for (const text of handle.takeTold()) {
      const told = JSON.parse(text) as { progress?: WaitProgress; record?: Omit<LogRecord, 'logger'>; head?: ResponseMeta };
      if (told.head) hearing.log?.all.push(told.head);
      if (told.record && logger && hearing.logger) tellLogger(logger, { logger: hearing.logger, ...told.record });
      if (told.progress && !thrown) {
        try {
          hearing.onProgress?.(told.progress);
        } catch (reason) {
          // What a listener throws ends the call, as it would in a loop of the caller's own.
          thrown = { reason };
          handle.cancel();
        }
      }
    }
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const wanted = { ...settings, '@records': logger !== undefined, '@heads': hearing.log !== undefined };
    const envelope = await start(stringify(arguments_), stringify(wanted), handle, listen);
    listen();
    if (thrown) throw thrown.reason;
    // A result that came in spite of the signal is not thrown away: the deed is done.
    if (signal?.aborted && isCancelled(envelope)) throw signal.reason;
    return open(envelope);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function isCancelled(envelope: string): boolean {
  return envelope.startsWith('{"error"') && (JSON.parse(envelope) as { error: ErrorInfo }).error.kind === 'CANCELLED';
}

/** @internal JSON text of what the caller gave. */
export function stringify(value: object | null | undefined): string {
  try {
    return JSON.stringify(value ?? null, replace);
  } catch (error) {
    if (error instanceof PaletteMaasError) throw error;
    throw invalidInput('the arguments are not plain data: no cycles, no BigInt');
  }
}

/** Bytes, such as binary user data, cross as a list of numbers; a key that is not there is one that is wrong. */
function replace(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return Array.from(original);
  if (typeof original === 'number' && !Number.isFinite(original)) throw invalidInput(`\`${key}\` is ${original}`);
  return key === 'id' && value === undefined ? null : value;
}
