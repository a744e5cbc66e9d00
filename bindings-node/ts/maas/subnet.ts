import type { CallOptions } from '../call.js';
import { type List, toList } from '../list.js';
import type { Client } from './client.js';
import type { AddressRange, CreateSubnet, Subnet, SubnetStatistics, UpdateSubnet } from './models.js';

/**
 * The calls on subnets. One is named by its number (`'1'`), its network (`'10.10.0.0/24'`), `'name:lab'`,
 * `'ip:10.10.0.9'` or another of MAAS's specifiers.
 */
export class Subnets {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** All subnets. */
  async list(options?: CallOptions): Promise<List<Subnet>> {
    return toList(await this.#client.send('subnet.list', {}, options));
  }

  /** One subnet. */
  async get(subnet: string, options?: CallOptions): Promise<Subnet> {
    return (await this.#client.send('subnet.get', { id: subnet }, options)) as Subnet;
  }

  /** Creates a subnet of this network. Needs an administrator. */
  async create(cidr: string, subnet: CreateSubnet = {}, options?: CallOptions): Promise<Subnet> {
    return (await this.#client.send('subnet.create', { id: cidr, options: subnet }, options)) as Subnet;
  }

  /** Changes a subnet; an absent field is kept, `null` clears it. Needs an administrator. */
  async update(subnet: string, changes: UpdateSubnet, options?: CallOptions): Promise<Subnet> {
    return (await this.#client.send('subnet.update', { id: subnet, options: changes }, options)) as Subnet;
  }

  /** Deletes a subnet. Needs an administrator. */
  async delete(subnet: string, options?: CallOptions): Promise<void> {
    await this.#client.send('subnet.delete', { id: subnet }, options);
  }

  /** The ranges that are reserved or in use. */
  async reservedIpRanges(subnet: string, options?: CallOptions): Promise<List<AddressRange>> {
    return toList(await this.#client.send('subnet.reserved_ip_ranges', { id: subnet }, options));
  }

  /** The ranges that are free. */
  async unreservedIpRanges(subnet: string, options?: CallOptions): Promise<List<AddressRange>> {
    return toList(await this.#client.send('subnet.unreserved_ip_ranges', { id: subnet }, options));
  }

  /** How full the subnet is, with all its ranges. */
  async statistics(subnet: string, options?: CallOptions): Promise<SubnetStatistics> {
    return (await this.#client.send('subnet.statistics', { id: subnet }, options)) as SubnetStatistics;
  }
}
