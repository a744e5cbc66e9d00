/** What the clients trace, told to a function of the program's choice. */

/** Something that happened during a call. No secret that the client knows is in it. */
export interface LogRecord {
  /** The API: `maas`. */
  logger: string;
  level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /** What happened: `call ended`, `call failed`, `trying again`, … */
  message: string;
  /** `operation`, `method`, `path` (with placeholders), `status`, `attempts`, `duration_ms`, `code`, … */
  fields: Record<string, unknown>;
}

/** Hears of records. What it throws becomes a warning of the process: logging never fails a call. */
export type Logger = (record: LogRecord) => void;

let current: Logger | undefined;

/**
 * Lets this function hear of all calls that begin from now on, also of those of clients that are there already; nothing
 * or `null` ends it. Without one nothing is traced.
 *
 * ```ts
 * setLogger(({ level, message, fields }) => console.error(level, message, fields));
 * ```
 */
export function setLogger(logger?: Logger | null): void {
  current = logger ?? undefined;
}

/** @internal */
export function currentLogger(): Logger | undefined {
  return current;
}

/** @internal */
export function tellLogger(logger: Logger, record: LogRecord): void {
  try {
    logger(record);
  } catch (error) {
    process.emitWarning(`a logger failed: ${String(error)}`, 'PaletteMaasWarning');
  }
}
