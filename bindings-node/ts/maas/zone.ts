import type { CallOptions } from '../call.js';
import { type List, toList } from '../list.js';
import type { Client } from './client.js';
import type { CreateZone, UpdateZone, Zone } from './models.js';

/** The calls on availability zones. */
export class Zones {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** All zones. */
  async list(options?: CallOptions): Promise<List<Zone>> {
    return toList(await this.#client.send('zone.list', {}, options));
  }

  /** The zone of this name. */
  async get(name: string, options?: CallOptions): Promise<Zone> {
    return (await this.#client.send('zone.get', { id: name }, options)) as Zone;
  }

  /** Creates a zone. Needs an administrator. */
  async create(name: string, zone: CreateZone = {}, options?: CallOptions): Promise<Zone> {
    return (await this.#client.send('zone.create', { id: name, options: zone }, options)) as Zone;
  }

  /** Changes a zone; an absent field is kept, `null` clears it. Needs an administrator. */
  async update(name: string, zone: UpdateZone, options?: CallOptions): Promise<Zone> {
    return (await this.#client.send('zone.update', { id: name, options: zone }, options)) as Zone;
  }

  /** Deletes a zone; its machines move to the default zone. Needs an administrator. */
  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.#client.send('zone.delete', { id: name }, options);
  }
}
