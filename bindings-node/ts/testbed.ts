/** Simulated MAAS and Palette servers on loopback, with a simulated clock. */

import { call, type CallOptions } from './call.js';
import { invalidInput } from './error.js';
import { NativeTestbed } from './native.js';

/** How a testbed is started. */
export interface TestbedOptions {
  /** Simulated seconds per second. Default 1. */
  speed?: number;
  /** Makes what is random repeatable. Default 0. */
  seed?: number;
  /** Starts with the simulated clock standing still. */
  paused?: boolean;
  /** The port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** The simulated time at the start. Default now. */
  startTime?: Date;
  /** Serves HTTPS with a certificate of its own authority, see {@link Testbed.caPem}. */
  tls?: boolean;
  /** Repairs the machines that fail in the recorded region. */
  healthy?: boolean;
}

/** An order for a fault: where, what, how often. */
export interface Fault {
  /** The HTTP method; `*` for any. */
  method: string;
  /** The path; `*` stands for any characters, slashes included. */
  path: string;
  /** What happens. */
  kind: 'refuse' | 'reset_after_headers' | 'delay' | 'status' | 'cut' | 'garbage' | 'content_type';
  /** Only requests of this MAAS operation. */
  op?: string;
  /** How many matching requests pass untouched first. */
  skip?: number;
  /** How many times it happens; unlimited if absent. */
  count?: number;
  /** How likely a matching request meets it, from 0 to 1. */
  probability?: number;
  /** Whether the server does what was asked although its answer is lost or replaced. */
  deed_done?: boolean;
  /** Of a `delay`: milliseconds of wall time. */
  ms?: number;
  /** Of a `status`: the HTTP status. */
  status?: number;
  /** Of a `status`: seconds for a `Retry-After` header. */
  retry_after?: number;
  /** Of a `status`: the text of the body. */
  body?: string;
  /** Of a `cut`: how many bytes of the body are still sent. */
  bytes?: number;
  /** Of a `content_type`: the value of the header. */
  value?: string;
}

/** One request that came, without credentials. */
export interface SeenRequest {
  id: number;
  /** Wall time of arrival, in milliseconds since the epoch. */
  wall_ms: number;
  /** Simulated time of arrival, in milliseconds since the epoch. */
  sim_ms: number;
  method: string;
  path: string;
  query: string;
  headers: [string, string][];
  body: string;
  /** `null` while the answer is being made and when none was given. */
  status: number | null;
  /** The kind of fault that was applied. */
  fault: string | null;
}

/** Something that a test left behind. */
export interface Leftover {
  kind: string;
  id: string;
  name: string;
  detail: string;
}

interface Urls {
  maasUrl: string;
  maasApiKey: string;
  maasUserApiKey: string;
  paletteUrl: string;
  paletteApiKey: string;
  paletteProjectUid: string;
  paletteGatewayUid: string;
  caPem: string | null;
}

/** The simulated clock. */
export class SimulatedClock {
  /** @internal */
  readonly native: NativeTestbed;

  /** @internal */
  constructor(native: NativeTestbed) {
    this.native = native;
  }

  /** The simulated time. */
  now(): Date {
    return new Date(this.native.now());
  }

  /** Lets this many milliseconds of simulated time pass at once; everything due in them happens. */
  async advance(milliseconds: number, options?: CallOptions): Promise<void> {
    await call((...parts) => this.native.call('clock.advance', ...parts), { ms: milliseconds }, options);
  }

  /** Stops the simulated clock. */
  pause(): void {
    this.native.pause();
  }

  /** Lets the simulated clock go on. */
  resume(): void {
    this.native.resume();
  }
}

/** Running simulated servers. `await using` or {@link Testbed.stop} ends them. */
export class Testbed implements AsyncDisposable {
  /** @internal */
  readonly native: NativeTestbed;
  /** The clock; give it to clients, so that they wait in simulated time. */
  readonly clock: SimulatedClock;
  /** The URL of the simulated MAAS region. */
  readonly maasUrl: string;
  /** The administrator's API key. */
  readonly maasApiKey: string;
  /** The API key of `user1`, who is no administrator. */
  readonly maasUserApiKey: string;
  /** The URL of the simulated Palette. */
  readonly paletteUrl: string;
  /** The key that goes into Palette's header `ApiKey`. */
  readonly paletteApiKey: string;
  /** The uid of Palette's one project, `Default`. */
  readonly paletteProjectUid: string;
  /** The uid of Palette's one private cloud gateway. */
  readonly paletteGatewayUid: string;
  /** The certificate of the testbed's own authority in PEM, if it serves HTTPS. */
  readonly caPem: string | null;

  /** @internal */
  constructor(native: NativeTestbed, urls: Urls) {
    this.native = native;
    this.clock = new SimulatedClock(native);
    this.maasUrl = urls.maasUrl;
    this.maasApiKey = urls.maasApiKey;
    this.maasUserApiKey = urls.maasUserApiKey;
    this.paletteUrl = urls.paletteUrl;
    this.paletteApiKey = urls.paletteApiKey;
    this.paletteProjectUid = urls.paletteProjectUid;
    this.paletteGatewayUid = urls.paletteGatewayUid;
    this.caPem = urls.caPem;
  }

  /** Orders a fault and returns its number. */
  async orderFault(fault: Fault, options?: CallOptions): Promise<number> {
    return (await this.#call('fault.order', fault, options)) as number;
  }

  /** Cancels all faults. */
  async clearFaults(options?: CallOptions): Promise<void> {
    await this.#call('fault.clear', {}, options);
  }

  /** Lets the next deployment of the machine with this host name fail, with this reason. */
  async failNextDeploy(hostname: string, reason: string, options?: CallOptions): Promise<void> {
    await this.#call('machine.fail_next_deploy', { hostname, reason }, options);
  }

  /** Lets all further deployments of the machine with this host name last so many simulated milliseconds. */
  async slowDeploy(hostname: string, milliseconds: number, options?: CallOptions): Promise<void> {
    await this.#call('machine.slow_deploy', { hostname, milliseconds }, options);
  }

  /** The requests that came, oldest first. */
  async history(options?: CallOptions): Promise<SeenRequest[]> {
    return (await this.#call('history', {}, options)) as SeenRequest[];
  }

  /** Puts everything back as it was at the start. */
  async reset(options?: CallOptions): Promise<void> {
    await this.#call('reset', {}, options);
  }

  /** What was not there at the start and is still there. */
  async leftovers(options?: CallOptions): Promise<Leftover[]> {
    return (await this.#call('leftovers', {}, options)) as Leftover[];
  }

  /** Stops the servers. */
  async stop(): Promise<void> {
    await this.#call('stop', {});
  }

  #call(operation: string, arguments_: object, options?: CallOptions): Promise<unknown> {
    return call((...parts) => this.native.call(operation, ...parts), arguments_, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts simulated servers. */
export async function start(options: TestbedOptions = {}): Promise<Testbed> {
  const native = new NativeTestbed();
  const { startTime, ...rest } = options ?? {};
  if (startTime !== undefined && startTime !== null && !(startTime instanceof Date && Number.isFinite(startTime.getTime()))) {
    throw invalidInput('`startTime` is no valid Date');
  }
  const urls = await call((...parts) => native.call('start', ...parts), { ...rest, startTime: startTime?.getTime() });
  return new Testbed(native, urls as Urls);
}
