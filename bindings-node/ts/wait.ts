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
export interface WaitOptions extends Pick<CallOptions, 'signal'> {
  /** The longest wait. Default one hour. */
  timeoutMs?: number;
  /** The delay after the first look; it grows by half after each look without a change. Default 5 000. */
  minDelayMs?: number;
  /** The longest delay between looks. Default 30 000. */
  maxDelayMs?: number;
  /** Is told of each look. What it throws ends the wait. */
  onProgress?: (progress: WaitProgress) => void;
}

/** @internal What goes to the native side: everything, so that a misspelt name is refused there. */
export function wireWait({ signal: _signal, onProgress: _onProgress, ...options }: WaitOptions): object {
  return options;
}
