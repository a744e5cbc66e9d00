// What calls tell the logger, and that nobody hears anything who does not want to.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, describe, test } from 'node:test';
import { inspect, promisify } from 'node:util';

import { maas, setLogger, testbed } from 'palette-maas';

const SECRET = 'Zq7XmarkedKsecretW9';
const PARTS = [SECRET, 'tokenMarked2', 'consumerMarked1'];

async function program(text) {
  const run = promisify(execFile);
  return run(process.execPath, ['--input-type=module', '-e', text], { timeout: 20_000, cwd: process.cwd() });
}

describe('logging', () => {
  let bed, client;
  before(async () => {
    bed = await testbed.start();
    client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey });
  });
  afterEach(() => setLogger());
  after(() => bed.stop());

  test('a call is told once, with its facts, before its promise settles', async () => {
    const records = [];
    setLogger((record) => records.push(record));
    await client.zones.get('zone-a');
    assert.equal(records.length, 1);
    const [{ logger, level, message, fields }] = records;
    assert.deepEqual([logger, level, message], ['maas', 'debug', 'call ended']);
    const { duration_ms, ...rest } = fields;
    assert.deepEqual(rest, { operation: 'zone.get', method: 'GET', path: 'zones/{name}/', status: 200, attempts: 1 });
    assert.ok(duration_ms >= 0);
    setLogger(null);
    await client.zones.get('zone-a');
    assert.equal(records.length, 1);
  });

  test('retries are told while they happen, and how it ended', async () => {
    const seen = [];
    setLogger(({ message, fields }) => seen.push([message, fields.code, Date.now()]));
    await bed.orderFault({ method: 'GET', path: '*/zones/', kind: 'status', status: 503, retry_after: 1, count: 1 });
    await bed.orderFault({ method: 'GET', path: '*/zones/', kind: 'status', status: 404, count: 1 });
    await assert.rejects(client.zones.list(), { code: 'NOT_FOUND', attempts: 2 });
    assert.deepEqual(seen.map(([message, code]) => [message, code]), [['trying again', 'UNAVAILABLE'], ['call failed', 'NOT_FOUND']]);
    assert.ok(seen[1][2] - seen[0][2] > 500, 'the first was told before the second attempt');
  });

  test('a logger that throws fails no call and becomes a warning', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    setLogger(() => { throw new Error('the disk is full'); });
    assert.equal((await client.zones.list()).length, 3);
    assert.match((await warned).message, /the disk is full/);
  });

  test('a logger may call the client', async () => {
    const names = [];
    setLogger(({ fields }) => {
      setLogger();
      names.push(fields.operation);
      names.push(client.whoami().then((user) => user.username));
    });
    await client.zones.list();
    assert.deepEqual(await Promise.all(names), ['zone.list', 'admin']);
  });

  test('no secret is told', async () => {
    const records = [];
    setLogger((record) => records.push(record));
    const stranger = new maas.Client({ url: bed.maasUrl, apiKey: `consumerMarked1:tokenMarked2:${SECRET}`, maxAttempts: 2 });
    const body = `echo ${SECRET} of tokenMarked2 and consumerMarked1`;
    for (const fault of [
      { kind: 'status', status: 400, body },
      { kind: 'status', status: 302, body },
      { kind: 'status', status: 503, body, retry_after: 0 },
      { kind: 'garbage' },
      { kind: 'cut', bytes: 5 },
      { kind: 'refuse' },
    ]) {
      await bed.clearFaults();
      await bed.orderFault({ method: '*', path: '/MAAS/*', ...fault });
      await assert.rejects(stranger.zones.list());
      await assert.rejects(stranger.machine('p77gwg').deploy({ user_data: `password: ${SECRET}` }));
      await assert.rejects(stranger.call('POST', `files/${SECRET}/`, { form: { password: SECRET } }));
    }
    await bed.clearFaults();
    assert.ok(records.length >= 18);
    const shown = JSON.stringify(records) + inspect(records, { depth: 9, showHidden: true });
    for (const part of PARTS) assert.ok(!shown.includes(part));
  });

  test('nothing is printed by default, and a logger does not keep a process alive', async () => {
    const { stdout, stderr } = await program(`
      import { maas, setLogger, testbed } from 'palette-maas';
      const bed = await testbed.start();
      const client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, maxAttempts: 1 });
      await client.zones.get('nowhere').catch(() => {});
      let heard = 0;
      setLogger(() => (heard += 1));
      await client.zones.list();
      await bed.stop();
      if (heard !== 1) console.log(heard);
    `);
    assert.deepEqual([stdout, stderr], ['', '']);
  });
});
