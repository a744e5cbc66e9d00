/** The client of one MAAS server. */

import { call, open, type CallOptions } from '../call.js';
import type { ClientOptions } from '../client.js';
import { NativeMaas } from '../native.js';
import type { WaitProgress } from '../wait.js';
import { MachineHandle, Machines } from './machine.js';
import type { User, Version } from './models.js';
import { Zones } from './zone.js';

/**
 * A client of one MAAS server.
 *
 * ```ts
 * const client = new maas.Client({ url: 'http://10.11.12.13:5240/MAAS', apiKey: 'consumer:token:secret' });
 * const ready = await client.machines.list({ pool: 'prod', status: 'ready' });
 * ```
 *
 * Without `url` and `apiKey` both are read from `MAAS_URL` and `MAAS_API_KEY`.
 */
export class Client {
  readonly #native: NativeMaas;
  /** The base of the API, e.g. `http://10.11.12.13:5240/MAAS/api/2.0/`. */
  readonly baseUrl: string;
  /** Machines. */
  readonly machines: Machines;
  /** Availability zones. */
  readonly zones: Zones;

  constructor({ clock, ...options }: ClientOptions = {}) {
    this.#native = new NativeMaas();
    this.baseUrl = open(this.#native.open(JSON.stringify(options), clock?.native)) as string;
    this.machines = new Machines(this);
    this.zones = new Zones(this);
  }

  /** The machine of this system id. Nothing is sent until one of its calls is made. */
  machine(systemId: string): MachineHandle {
    return new MachineHandle(this, systemId);
  }

  /** The server's version. Needs no credentials. */
  async version(options?: CallOptions): Promise<Version> {
    return (await this.send('version.get', {}, options)) as Version;
  }

  /** The user whose key this is. */
  async whoami(options?: CallOptions): Promise<User> {
    return (await this.send('user.whoami', {}, options)) as User;
  }

  /** @internal */
  send(
    operation: string,
    arguments_: object,
    options?: CallOptions,
    onProgress?: (progress: WaitProgress) => void,
  ): Promise<unknown> {
    const listener = onProgress && ((text: string): void => onProgress(JSON.parse(text) as WaitProgress));
    return call((text, cancel) => this.#native.call(operation, text, cancel, listener), arguments_, options);
  }
}
