/** SDK for Kubernetes on bare metal: Canonical MAAS, Spectro Cloud Palette and a pure lifecycle engine. */

export * from './error.js';
export type { CallOptions } from './call.js';
export { type Logger, type LogRecord, setLogger } from './log.js';
export { type AnyCall, type Fields, Response, ResponseLog, type ResponseMeta } from './response.js';
export * as maas from './maas/index.js';
export * as lifecycle from './lifecycle.js';
export * as testbed from './testbed.js';
