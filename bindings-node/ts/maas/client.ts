/** The client of one MAAS server. */

import { call, open, stringify, type CallOptions } from '../call.js';
import type { ClientOptions } from '../client.js';
import { invalidInput } from '../error.js';
import { NativeMaas } from '../native.js';
import { type AnyCall, Response, type ResponseLog } from '../response.js';
import { SimulatedClock } from '../testbed.js';
import type { WaitProgress } from '../wait.js';
import { Events } from './event.js';
import { MachineHandle, Machines } from './machine.js';
import type { User, Version } from './models.js';
import { ResourcePools } from './resource_pool.js';
import { Subnets } from './subnet.js';
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
export class Client implements Disposable {
  readonly #native: NativeMaas;
  readonly #log: ResponseLog | undefined;
  /** The base of the API, e.g. `http://10.11.12.13:5240/MAAS/api/2.0/`. */
  readonly baseUrl: string;
  /** Events: what happened to machines. */
  readonly events: Events;
  /** Machines. */
  readonly machines: Machines;
  /** Resource pools. */
  readonly resourcePools: ResourcePools;
  /** Subnets. */
  readonly subnets: Subnets;
  /** Availability zones. */
  readonly zones: Zones;

  constructor(options?: ClientOptions);
  /** @internal */
  constructor(options: undefined, shared: { native: NativeMaas; baseUrl: string; log: ResponseLog });
  constructor(options?: ClientOptions | null, shared?: { native: NativeMaas; baseUrl: string; log: ResponseLog }) {
    if (shared) {
      this.#native = shared.native;
      this.#log = shared.log;
      this.baseUrl = shared.baseUrl;
    } else {
      if (typeof (options ?? {}) !== 'object') throw invalidInput('expected an object with `url` and `apiKey`');
      const { clock, ...rest } = options ?? {};
      if (clock !== undefined && clock !== null && !(clock instanceof SimulatedClock)) {
        throw invalidInput('`clock` is not the clock of a testbed');
      }
      this.#native = new NativeMaas();
      this.baseUrl = open(this.#native.open(stringify(rest), clock?.native)) as string;
    }
    this.events = new Events(this);
    this.machines = new Machines(this);
    this.resourcePools = new ResourcePools(this);
    this.subnets = new Subnets(this);
    this.zones = new Zones(this);
  }

  /** Lets go of the connections; later calls are refused. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The same client, closed with this one, which also tells the heads of all answers to `log`. */
  withResponseLog(log: ResponseLog): Client {
    return new Client(undefined, { native: this.#native, baseUrl: this.baseUrl, log });
  }

  /**
   * Any call of the API, with the same credentials, retries and errors as all others.
   *
   * `path` is relative to the API's base and keeps its final slash (`tags/`, `machines/p77gwg/`); an operation is the
   * query field `op`. A GET, PUT or DELETE is repeated after a failure in doubt, a POST is not.
   *
   * ```ts
   * await client.call('POST', 'tags/', { form: { name: 'gpu' } });
   * ```
   */
  async call(method: string, path: string, content: AnyCall = {}, options?: CallOptions): Promise<Response> {
    const answer = await this.send('call', { method, path, options: content }, options);
    return new Response(answer as ConstructorParameters<typeof Response>[0]);
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
    options?: CallOptions | null,
    onProgress?: (progress: WaitProgress) => void,
  ): Promise<unknown> {
    const hearing = { log: this.#log, onProgress, logger: 'maas' };
    return call((...parts) => this.#native.call(operation, ...parts), arguments_, options, hearing);
  }
}
