// Compiled, not run: what a strict TypeScript user writes.
import { lifecycle, type LogRecord, maas, NotFoundError, PaletteMaasError, type Response, ResponseLog, setLogger, testbed } from 'palette-maas';
import { Client, NodeStatus, type Machine } from 'palette-maas/maas';
import { start } from 'palette-maas/testbed';

export async function ready(client: Client): Promise<string[]> {
  const machines: readonly Machine[] = await client.machines.list({ status: 'ready', zone: ['az1', 'az2'] });
  return machines.filter((machine) => machine.status === NodeStatus.Ready).map((machine) => machine.hostname);
}

export async function whole(): Promise<void> {
  await using bed = await start({ speed: 1000 });
  const client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, clock: bed.clock });
  const machine = await client.machines.allocate({ min_cpu: 2 });
  const controller = new AbortController();
  await client.machine(machine.system_id).deploy({ user_data: new Uint8Array([35]) }, { signal: controller.signal });
  const deployed = await client.machine(machine.system_id).waitDeployed({ timeoutMs: 1000, onProgress: (p) => p.looks });
  const cores: number = deployed.cpu_count;
  const unknown: unknown = deployed['a_field_of_tomorrow'];
  await client.zones.update('az1', { description: null });
  try {
    await client.zones.get('nowhere');
  } catch (error) {
    if (error instanceof NotFoundError) throw new Error(`${error.code} ${error.status ?? ''} ${cores} ${String(unknown)}`);
    if (error instanceof PaletteMaasError && error.retryable) throw error;
  }
  // @ts-expect-error a filter that does not exist
  await client.machines.list({ zones: ['az1'] });
  // @ts-expect-error a field of the wrong type
  const wrong: number = deployed.hostname;
  void wrong;
}

export async function nouns(client: Client): Promise<void> {
  const pools: string[] = (await client.resourcePools.list()).map((pool) => pool.name);
  const free: number = (await client.subnets.statistics('1', { timeoutMs: 500 })).num_available;
  const page = await client.events.query({ system_id: 'p77gwg', limit: 5 });
  const kinds: string[] = page.events.map((event) => event.type);
  const log = new ResponseLog();
  const answer: Response = await client.withResponseLog(log).call('POST', 'tags/', { form: { name: 'gpu', more: [1, true] } });
  const status: number | undefined = log.last?.status;
  setLogger((record: LogRecord) => console.error(record.level, record.fields['operation']));
  using closing = client;
  void [pools, free, kinds, answer.status, answer.body.byteLength, status, closing];
  // @ts-expect-error a number is wanted
  await client.resourcePools.get('1');
}

void lifecycle;
void testbed;
