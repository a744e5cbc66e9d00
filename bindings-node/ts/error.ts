/** The errors of the SDK: one tree under {@link PaletteMaasError}; `code` is the same in every language. */

/** What an error tells beside its text. */
export interface ErrorInfo {
  /** The kind's code, e.g. `REFUSED`. */
  kind: string;
  /** The stable code, e.g. `NOT_FOUND` or `E_FORCE_TOO_EARLY`. */
  code: string;
  /** What was wrong, without code and operation. */
  message: string;
  /** The whole text. */
  text: string;
  /** What to do. */
  hint: string | null;
  /** The operation, e.g. `machine.deploy`. */
  operation: string | null;
  /** The server's own code. */
  serverCode: string | null;
  /** The server's reference for this answer. */
  reference: string | null;
  /** The HTTP status. */
  status: number | null;
  /** How many attempts were made; 0 if nothing was sent. */
  attempts: number;
  /** The body of the answer, without secrets. */
  body: string | null;
  /** Which input fields were refused, and why. */
  fields: Record<string, string[]>;
  /** Structured facts, e.g. a refusal's arguments. */
  details: unknown;
  /** When trying again makes sense, in milliseconds. */
  retryAfterMs: number | null;
  /** Whether the same call may succeed later without any change. */
  retryable: boolean;
  /** The text of the error below. */
  cause: string | null;
}

/** The base of every error of this package. */
export class PaletteMaasError extends Error {
  override readonly name: string = 'PaletteMaasError';
  /** The stable code, e.g. `NOT_FOUND` or `E_FORCE_TOO_EARLY`. */
  readonly code: string;
  /** What to do. */
  readonly hint: string | null;
  /** The operation, e.g. `machine.deploy`. */
  readonly operation: string | null;
  /** The server's own code. */
  readonly serverCode: string | null;
  /** The server's reference for this answer. */
  readonly reference: string | null;
  /** The HTTP status, if there was an answer. */
  readonly status: number | null;
  /** How many attempts were made; 0 if nothing was sent. */
  readonly attempts: number;
  /** The body of the answer, without secrets. */
  readonly body: string | null;
  /** Which input fields were refused, and why. */
  readonly fields: Record<string, string[]>;
  /** Structured facts, e.g. a refusal's arguments. */
  readonly details: unknown;
  /** When trying again makes sense, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;

  /** @internal */
  constructor(info: ErrorInfo) {
    super(info.text, info.cause === null ? undefined : { cause: new Error(info.cause) });
    this.code = info.code;
    this.hint = info.hint;
    this.operation = info.operation;
    this.serverCode = info.serverCode;
    this.reference = info.reference;
    this.status = info.status;
    this.attempts = info.attempts;
    this.body = info.body;
    this.fields = info.fields;
    this.details = info.details;
    this.retryAfterMs = info.retryAfterMs;
    this.retryable = info.retryable;
  }
}

/** A value was refused before anything was sent. */
export class InvalidInputError extends PaletteMaasError { override readonly name = 'InvalidInputError'; }
/** The server refused a value; `fields` names it where the server does. */
export class BadRequestError extends PaletteMaasError { override readonly name = 'BadRequestError'; }
/** The server does not accept the credentials. */
export class UnauthorizedError extends PaletteMaasError { override readonly name = 'UnauthorizedError'; }
/** The credentials may not do this, or the object is locked. */
export class ForbiddenError extends PaletteMaasError { override readonly name = 'ForbiddenError'; }
/** The object belongs to another scope. */
export class ScopeError extends PaletteMaasError { override readonly name = 'ScopeError'; }
/** No such object, or not visible with these credentials. */
export class NotFoundError extends PaletteMaasError { override readonly name = 'NotFoundError'; }
/** An object with this name exists already. */
export class AlreadyExistsError extends PaletteMaasError { override readonly name = 'AlreadyExistsError'; }
/** This part of the API is no longer served. */
export class GoneError extends PaletteMaasError { override readonly name = 'GoneError'; }
/** The object is in a state that forbids this. */
export class StateConflictError extends PaletteMaasError { override readonly name = 'StateConflictError'; }
/** MAAS has no free machine that satisfies the constraints. */
export class NoMatchingMachineError extends PaletteMaasError { override readonly name = 'NoMatchingMachineError'; }
/** Too many requests, also after the retries. */
export class RateLimitedError extends PaletteMaasError { override readonly name = 'RateLimitedError'; }
/** The server cannot answer now. */
export class UnavailableError extends PaletteMaasError { override readonly name = 'UnavailableError'; }
/** The server failed. */
export class ServerError extends PaletteMaasError { override readonly name = 'ServerError'; }
/** The call may or may not have been carried out; read the state back before you repeat it. */
export class OutcomeUnknownError extends PaletteMaasError { override readonly name = 'OutcomeUnknownError'; }
/** No connection; nothing was sent. */
export class ConnectError extends PaletteMaasError { override readonly name = 'ConnectError'; }
/** The TLS handshake failed; nothing was sent. */
export class TlsError extends PaletteMaasError { override readonly name = 'TlsError'; }
/** The connection broke while the answer was awaited or read. */
export class TransportError extends PaletteMaasError { override readonly name = 'TransportError'; }
/** The server answered with a redirect, which is never followed. */
export class RedirectedError extends PaletteMaasError { override readonly name = 'RedirectedError'; }
/** The server refuses the time of the request. */
export class ClockSkewError extends PaletteMaasError { override readonly name = 'ClockSkewError'; }
/** The server's version lacks what was asked for. */
export class ServerTooOldError extends PaletteMaasError { override readonly name = 'ServerTooOldError'; }
/** The answer is not what the API describes. */
export class DecodeError extends PaletteMaasError { override readonly name = 'DecodeError'; }
/** The answer is larger than the configured limit. */
export class TooLargeError extends PaletteMaasError { override readonly name = 'TooLargeError'; }
/** The time allowed has passed. */
export class TimeoutError extends PaletteMaasError { override readonly name = 'TimeoutError'; }
/** What was waited for has reached a state from which it cannot succeed. */
export class FailedStateError extends PaletteMaasError { override readonly name = 'FailedStateError'; }
/** The call was cancelled without an `AbortSignal`. */
export class CancelledError extends PaletteMaasError { override readonly name = 'CancelledError'; }
/** The lifecycle rules refuse this; `code` is the refusal's own (`E_…`). */
export class RefusedError extends PaletteMaasError { override readonly name = 'RefusedError'; }
/** A fault of this library; please report it. */
export class InternalError extends PaletteMaasError { override readonly name = 'InternalError'; }

const classes: Record<string, new (info: ErrorInfo) => PaletteMaasError> = {
  INVALID_INPUT: InvalidInputError,
  BAD_REQUEST: BadRequestError,
  UNAUTHORIZED: UnauthorizedError,
  FORBIDDEN: ForbiddenError,
  SCOPE: ScopeError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  GONE: GoneError,
  STATE_CONFLICT: StateConflictError,
  NO_MATCHING_MACHINE: NoMatchingMachineError,
  RATE_LIMITED: RateLimitedError,
  UNAVAILABLE: UnavailableError,
  SERVER_ERROR: ServerError,
  OUTCOME_UNKNOWN: OutcomeUnknownError,
  CONNECT: ConnectError,
  TLS: TlsError,
  TRANSPORT: TransportError,
  REDIRECTED: RedirectedError,
  CLOCK_SKEW: ClockSkewError,
  SERVER_TOO_OLD: ServerTooOldError,
  DECODE: DecodeError,
  TOO_LARGE: TooLargeError,
  TIMEOUT: TimeoutError,
  FAILED_STATE: FailedStateError,
  CANCELLED: CancelledError,
  REFUSED: RefusedError,
  INTERNAL: InternalError,
};

/** @internal A refusal of the facade itself. */
export function invalidInput(message: string, hint: string | null = null): InvalidInputError {
  const code = 'INVALID_INPUT';
  const text = `${code}: ${message}${hint === null ? '' : `; ${hint}`}`;
  return new InvalidInputError({
    kind: code, code, message, text, hint, operation: null, serverCode: null, reference: null, status: null, attempts: 0,
    body: null, fields: {}, details: null, retryAfterMs: null, retryable: false, cause: null,
  });
}

/** @internal */
export function toError(info: ErrorInfo): PaletteMaasError {
  return new (classes[info.kind] ?? PaletteMaasError)(info);
}
