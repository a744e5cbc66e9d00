import type { CallOptions } from '../call.js';
import { type List, toList } from '../list.js';
import { type WaitOptions, wireWait } from '../wait.js';
import type { Client } from './client.js';
import type {
  AllocateOptions,
  DeployOptions,
  Machine,
  MachineFilter,
  MachineUpdate,
  NodeStatus,
  NodeStatusName,
  PowerOffOptions,
  PowerOnOptions,
  PowerState,
  ReleaseOptions,
} from './models.js';

/** The calls on all machines. */
export class Machines {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * The machines that the filter lets through.
   *
   * MAAS has no pages here; a machine costs the server some 25 ms and 30 kB, so filter on the server.
   */
  async list(filter: MachineFilter = {}, options?: CallOptions): Promise<List<Machine>> {
    return toList(await this.#client.send('machine.list', filter, options));
  }

  /** The machine of this system id. */
  async get(systemId: string, options?: CallOptions): Promise<Machine> {
    return (await this.#client.send('machine.get', { id: systemId }, options)) as Machine;
  }

  /** The machine of this name without domain, exact in case. */
  async find(hostname: string, options?: CallOptions): Promise<Machine> {
    return (await this.#client.send('machine.find', { id: hostname }, options)) as Machine;
  }

  /** Allocates a Ready machine to the caller: the cheapest that satisfies everything. */
  async allocate(constraints: AllocateOptions = {}, options?: CallOptions): Promise<Machine> {
    return (await this.#client.send('machine.allocate', constraints, options)) as Machine;
  }

  /** Releases several machines at once and returns the system ids of those that were released. */
  async releaseMany(systemIds: readonly string[], release: ReleaseOptions = {}, options?: CallOptions): Promise<string[]> {
    return (await this.#client.send('machine.release_many', { id: systemIds, options: release }, options)) as string[];
  }
}

/** The calls on one machine. */
export class MachineHandle {
  readonly #client: Client;

  /** @internal */
  constructor(
    client: Client,
    /** The key: six characters that never change. */
    readonly systemId: string,
  ) {
    this.#client = client;
  }

  /** The machine as it is now. */
  async get(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.get', undefined, options);
  }

  /** Changes the machine; an absent field is kept, `null` clears it. */
  async update(changes: MachineUpdate, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.update', changes, options);
  }

  /** Deletes the machine from MAAS. */
  async delete(options?: CallOptions): Promise<void> {
    await this.#client.send('machine.delete', { id: this.systemId }, options);
  }

  /** Deploys the machine; a Ready one is allocated to the caller by the way. */
  async deploy(deployment: DeployOptions = {}, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.deploy', deployment, options);
  }

  /** Gives the machine back. Releasing one that is Ready already is a success. */
  async release(release: ReleaseOptions = {}, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.release', release, options);
  }

  /** Ends the operation that is under way. */
  async abort(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.abort', undefined, options);
  }

  /** Switches the machine on. */
  async powerOn(power: PowerOnOptions = {}, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.power_on', power, options);
  }

  /** Switches the machine off. */
  async powerOff(power: PowerOffOptions = {}, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.power_off', power, options);
  }

  /** Asks the power controller whether the machine is on. */
  async queryPowerState(options?: CallOptions): Promise<PowerState> {
    return (await this.#client.send('machine.query_power_state', { id: this.systemId }, options)) as PowerState;
  }

  /** Protects a Deployed or Deploying machine from being released, deleted or switched. */
  async lock(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.lock', undefined, options);
  }

  /** Ends the protection. */
  async unlock(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.unlock', undefined, options);
  }

  /** Marks the machine as broken and releases it. Only its owner may. */
  async markBroken(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.mark_broken', undefined, options);
  }

  /** Marks a broken machine as Ready. Needs an administrator. */
  async markFixed(options?: CallOptions): Promise<Machine> {
    return this.#send('machine.mark_fixed', undefined, options);
  }

  /** Sets notes on a machine that has an owner; an empty value removes one. */
  async setWorkloadAnnotations(annotations: Record<string, string>, options?: CallOptions): Promise<Machine> {
    return this.#send('machine.set_workload_annotations', annotations, options);
  }

  /** Waits until the machine is Deployed. */
  async waitDeployed(options: WaitOptions = {}): Promise<Machine> {
    return (await this.#wait('machine.wait_deployed', options)) as Machine;
  }

  /** Waits until the machine is Ready. */
  async waitReady(options: WaitOptions = {}): Promise<Machine> {
    return (await this.#wait('machine.wait_ready', options)) as Machine;
  }

  /** Waits until the machine has this status, such as `rescue_mode`. Any other failed status ends the wait. */
  async waitStatus(status: NodeStatus | NodeStatusName, options: WaitOptions = {}): Promise<Machine> {
    return (await this.#wait('machine.wait_status', options, [this.systemId, status])) as Machine;
  }

  /** Waits until the machine has been given back; `null` if it is gone. */
  async waitReleased(options: WaitOptions = {}): Promise<Machine | null> {
    return (await this.#wait('machine.wait_released', options)) as Machine | null;
  }

  async #send(operation: string, options: object | undefined, callOptions?: CallOptions): Promise<Machine> {
    return (await this.#client.send(operation, { id: this.systemId, options }, callOptions)) as Machine;
  }

  #wait(operation: string, options: WaitOptions | null, id: unknown = this.systemId): Promise<unknown> {
    const wait = options ?? {};
    const { signal } = wait;
    return this.#client.send(operation, { id, options: wireWait(wait) }, signal && { signal }, wait.onProgress);
  }
}
