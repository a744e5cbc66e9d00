import type { CallOptions } from '../call.js';
import type { Client } from './client.js';
import type { EventFilter, EventPage } from './models.js';

/** The calls on events: what happened to machines. */
export class Events {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * One page of events, the newest first; `system_id` asks for those of a machine.
   *
   * It costs the server some 10 ms, so a cursor (`after` the largest number seen so far) is a cheap way to learn of
   * changes.
   */
  async query(filter: EventFilter = {}, options?: CallOptions): Promise<EventPage> {
    return (await this.#client.send('event.query', filter, options)) as EventPage;
  }
}
