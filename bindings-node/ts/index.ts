/** SDK for Kubernetes on bare metal: Canonical MAAS, Spectro Cloud Palette and a pure lifecycle engine. */

export * from './error.js';
export type { CallOptions } from './call.js';
export * as maas from './maas/index.js';
export * as lifecycle from './lifecycle.js';
export * as testbed from './testbed.js';
