/** Simulated MAAS and Palette servers on loopback, with a simulated clock. */

import { call, type CallOptions } from './call.js';
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
    await call((args, cancel) => this.native.call('clock.advance', args, cancel), { ms: milliseconds }, options);
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

  /** @internal */
  constructor(native: NativeTestbed, urls: Urls) {
    this.native = native;
    this.clock = new SimulatedClock(native);
    this.maasUrl = urls.maasUrl;
    this.maasApiKey = urls.maasApiKey;
    this.maasUserApiKey = urls.maasUserApiKey;
  }

  /** What was not there at the start and is still there. */
  async leftovers(options?: CallOptions): Promise<Leftover[]> {
    return (await call((args, cancel) => this.native.call('leftovers', args, cancel), {}, options)) as Leftover[];
  }

  /** Stops the servers. */
  async stop(): Promise<void> {
    await call((args, cancel) => this.native.call('stop', args, cancel), {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts simulated servers. */
export async function start(options: TestbedOptions = {}): Promise<Testbed> {
  const native = new NativeTestbed();
  const urls = (await call((args, cancel) => native.call('start', args, cancel), options)) as Urls;
  return new Testbed(native, urls);
}
