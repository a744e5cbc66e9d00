/** Typed client for the Canonical MAAS API 2.0. */

export type { ClientOptions } from '../client.js';
export type { List } from '../list.js';
export type { WaitOptions, WaitProgress } from '../wait.js';
export { Client } from './client.js';
export { Events } from './event.js';
export { MachineHandle, Machines } from './machine.js';
export * from './models.js';
export { ResourcePools } from './resource_pool.js';
export { Subnets } from './subnet.js';
export { Zones } from './zone.js';
