import type { CallOptions } from '../call.js';
import { type List, toList } from '../list.js';
import type { Client } from './client.js';
import type { CreateResourcePool, ResourcePool, UpdateResourcePool } from './models.js';

/** The calls on resource pools: machines set aside for a purpose. */
export class ResourcePools {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** All resource pools that the user may see. */
  async list(options?: CallOptions): Promise<List<ResourcePool>> {
    return toList(await this.#client.send('resource_pool.list', {}, options));
  }

  /** The resource pool of this number; 0 is the default pool. */
  async get(id: number, options?: CallOptions): Promise<ResourcePool> {
    return (await this.#client.send('resource_pool.get', { id }, options)) as ResourcePool;
  }

  /** Creates a resource pool. Needs an administrator. */
  async create(name: string, pool: CreateResourcePool = {}, options?: CallOptions): Promise<ResourcePool> {
    return (await this.#client.send('resource_pool.create', { id: name, options: pool }, options)) as ResourcePool;
  }

  /** Changes a resource pool; an absent field is kept, `null` clears it. Needs an administrator. */
  async update(id: number, pool: UpdateResourcePool, options?: CallOptions): Promise<ResourcePool> {
    return (await this.#client.send('resource_pool.update', { id, options: pool }, options)) as ResourcePool;
  }

  /** Deletes a resource pool that has no machines. Needs an administrator. */
  async delete(id: number, options?: CallOptions): Promise<void> {
    await this.#client.send('resource_pool.delete', { id }, options);
  }
}
