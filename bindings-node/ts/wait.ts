import type { CallOptions } from './call.js';

/** One look of a waiter. */
export interface WaitProgress {
  /** What is waited for. */
  subject: string;
  /** The state that was seen, or the error of a look that failed and will be repeated. */
  state: string;
  /** Whether the state differs from the look before. */
  changed: boolean;
  /** Looks so far. */
  looks: number;
  /** Time since waiting began, in milliseconds of the waiter's clock. */
  elapsed_ms: number;
}

/** How long and how often to look. Times are milliseconds of the client's clock. */
export interface WaitOptions extends CallOptions {
  /** The longest wait. Default one hour. */
  timeoutMs?: number;
  /** The delay after the first look; it grows by half after each look without a change. Default 5 000. */
  minDelayMs?: number;
  /** The longest delay between looks. Default 30 000. */
  maxDelayMs?: number;
  /** Is told of each look. */
  onProgress?: (progress: WaitProgress) => void;
}

/** @internal */
export function wireWait({ timeoutMs, minDelayMs, maxDelayMs }: WaitOptions): object {
  return { timeout_ms: timeoutMs, min_delay_ms: minDelayMs, max_delay_ms: maxDelayMs };
}
