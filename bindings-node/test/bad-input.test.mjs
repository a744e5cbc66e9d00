// Wrong keys, URLs, options and moments: each a clear error of the one tree, at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';

import { InvalidInputError, lifecycle, maas, PaletteMaasError, ResponseLog, testbed } from 'palette-maas';

const KEY = 'aaaa:bbbb:cccc';
const SECRET = 'Zq7XmarkedKsecretW9';

/** Everything that can be got out of a thing without asking for a secret. */
function shown(thing) {
  const texts = [];
  for (let one = thing; one; one = one.cause) {
    texts.push(String(one), one.stack, one.message, JSON.stringify(one), inspect(one, { depth: 9, showHidden: true, getters: true }));
    for (const key of Reflect.ownKeys(one)) texts.push(String(key), inspect(one[key], { depth: 9, showHidden: true }));
    try {
      const copy = structuredClone(one);
      texts.push(inspect(copy, { depth: 9, showHidden: true }));
    } catch {}
  }
  return texts.join('\n');
}

describe('arguments and options', () => {
  let bed, client;
  before(async () => {
    bed = await testbed.start({ speed: 2000 });
    client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, clock: bed.clock });
  });
  after(() => bed.stop());

  const cyclic = {};
  cyclic.self = cyclic;
  for (const [name, run, pattern] of [
    ['no name', (c) => c.zones.get(), /`id`.*text/],
    ['null for a name', (c) => c.zones.get(null), /`id`.*text.*null/],
    ['a number for a name', (c) => c.zones.get(3), /`id`.*text/],
    ['no system id', (c) => c.machine(undefined).get(), /`id`/],
    ['text for a number', (c) => c.resourcePools.get('1'), /`id`.*number/],
    ['an empty name', (c) => c.zones.get(''), /zone\.get/],
    ['a misspelt filter', (c) => c.machines.list({ poool: 'x' }), /`poool`.*did you mean `pool`/],
    ['a misspelt value', (c) => c.machines.list({ status: 'redy' }), /`status`.*`redy`.*did you mean `ready`/],
    ['text for a filter', (c) => c.machines.list('ready'), /object/],
    ['a number below zero', (c) => c.machines.list({ min_cpu: -1 }), /`min_cpu`/],
    ['a cycle', (c) => c.machines.list(cyclic), /plain data/],
    ['a BigInt', (c) => c.machines.list({ min_cpu: 1n }), /plain data/],
    ['NaN', (c) => c.machines.list({ min_cpu: NaN }), /`min_cpu`.*NaN/],
    ['a misspelt call option', (c) => c.zones.list({ timeuotMs: 3 }), /did you mean `timeoutMs`/],
    ['a misspelt signal', (c) => c.zones.list({ signl: AbortSignal.abort() }), /did you mean `signal`/],
    ['a signal that is none', (c) => c.zones.list({ signal: 'stop' }), /`signal`/],
    ['a timeout below zero', (c) => c.zones.list({ timeoutMs: -1 }), /`timeoutMs`/],
    ['a misspelt option of a wait', (c) => c.machine('p77gwg').waitReady({ minDelayms: 1 }), /did you mean `minDelayMs`/],
    ['a listener that is none', (c) => c.machine('p77gwg').waitReady({ onProgress: 3 }), /`onProgress`/],
    ['a method that is none', (c) => c.call('GE T', 'zones/'), /`method`/],
    ['a misspelt part of a call', (c) => c.call('GET', 'zones/', { qery: {} }), /did you mean `query`/],
    ['a query that is none', (c) => c.call('GET', 'zones/', { query: [1] }), /`query`/],
  ]) {
    test(name, async () => {
      await assert.rejects(run(client), (error) => {
        assert.ok(error instanceof InvalidInputError, inspect(error));
        assert.match(error.message, pattern);
        return true;
      });
    });
  }

  test('null and undefined stand for no options', async () => {
    assert.equal((await client.zones.list(null)).length, 3);
    assert.equal((await client.machines.list(undefined, undefined)).length, 39);
    assert.equal((await client.machines.list({ pool: undefined, zone: null })).length, 39);
  });

  test('settings of a client', () => {
    for (const [options, pattern] of [
      [{ url: null, apiKey: KEY }, /`url`/],
      [{ url: 'http://h/MAAS', apiKey: null }, /`apiKey`/],
      [{ url: 'http://h/MAAS', apiKey: 'a:b' }, /2 parts instead of 3/],
      [{ url: 'h/MAAS', apiKey: KEY }, /URL/],
      [{ url: 'http://h/MAAS', apiKey: KEY, maxInFlight: 0 }, /max_in_flight/],
      [{ url: 'http://h/MAAS', apiKey: KEY, maxInFlite: 1 }, /did you mean `maxInFlight`/],
      [{ url: 'http://h/MAAS', apiKey: KEY, timeoutMs: -1 }, /`timeoutMs`/],
      [{ url: 'http://h/MAAS', apiKey: KEY, clock: {} }, /`clock`/],
      [{ url: 'http://h/MAAS', apiKey: KEY, headers: { 'a b': 'c' } }, /header/],
      ['http://h/MAAS', /object/],
    ]) {
      assert.throws(() => new maas.Client(options), (error) => {
        assert.ok(error instanceof InvalidInputError, inspect(error));
        assert.match(error.message, pattern);
        return true;
      });
    }
  });

  test('settings of a testbed and of a fault', async () => {
    await assert.rejects(testbed.start({ sped: 1 }), { name: 'InvalidInputError', message: /did you mean `speed`/ });
    await assert.rejects(testbed.start({ port: 70_000 }), { name: 'InvalidInputError', message: /`port`/ });
    await assert.rejects(testbed.start({ startTime: new Date(NaN) }), { name: 'InvalidInputError', message: /startTime/ });
    await assert.rejects(bed.orderFault({ method: 'GET', path: '*', kind: 'refuse', cuont: 1 }), { message: /did you mean `count`/ });
    await assert.rejects(bed.orderFault({ method: 'GET', path: '*', kind: 'refus' }), { name: 'InvalidInputError', message: /did you mean `refuse`/ });
  });

  test('values of the engine', () => {
    for (const run of [
      () => lifecycle.validate(undefined), () => lifecycle.validate({ clusterz: [] }), () => lifecycle.validateJson({}),
      () => lifecycle.decideJson('{'), () => lifecycle.decide({ now_ms: 'late' }), () => lifecycle.decide(cyclic),
    ]) {
      assert.throws(run, InvalidInputError);
    }
    assert.throws(() => lifecycle.validate({ clusterz: [] }), /did you mean `clusters`/);
  });

  test('a secret in the wrong place is not repeated', async () => {
    const errors = [];
    const collect = async (run) => {
      try {
        await run();
        assert.fail('it must fail');
      } catch (error) {
        assert.ok(error instanceof PaletteMaasError, inspect(error));
        errors.push(error);
      }
    };
    const base = { url: 'http://h/MAAS', apiKey: KEY };
    for (const wrong of [
      { apiKey: [SECRET] }, { apiKey: SECRET }, { apiKey: { key: SECRET } }, { timeoutMs: SECRET }, { maxAttempts: SECRET }, { noProxy: SECRET },
      { headers: SECRET }, { headers: { authorization: SECRET } }, { proxy: `http://user:${SECRET}@` }, { clientIdentityPem: SECRET },
      { caPem: SECRET }, { url: `http://user:${SECRET}@h/MAAS?key=${SECRET}` }, { clock: SECRET },
    ]) {
      await collect(() => new maas.Client({ ...base, ...wrong }));
    }
    for (const run of [
      () => client.machine('p77gwg').deploy({ ephemeral: SECRET }),
      () => client.machine('p77gwg').deploy({ bridge_fd: SECRET }),
      () => client.machine('p77gwg').deploy({ license_key: [SECRET] }),
      () => client.machine('p77gwg').deploy({ user_data: { text: SECRET } }),
      () => client.machine('p77gwg').deploy(SECRET),
      () => client.machine('p77gwg').update({ power_parameters: SECRET }),
      () => client.machine('p77gwg').update({ power_parameters: { power_pass: [SECRET] }, swap_size: SECRET }),
      () => client.machines.list({ status: SECRET }),
      () => client.machines.list({ power_state: [SECRET], min_cpu: SECRET }),
      () => client.zones.list({ timeoutMs: SECRET }),
      () => client.machine('p77gwg').waitReady({ timeoutMs: SECRET }),
      () => client.call('GET', 'zones/', { query: SECRET }),
      () => client.call('POST', 'zones/', { form: { password: { nested: SECRET } } }),
      () => client.call(`${SECRET} `, 'zones/'),
      () => testbed.start({ seed: SECRET }),
    ]) {
      await collect(run);
    }
    for (const error of errors) assert.ok(!shown(error).includes(SECRET), shown(error));
  });
});

describe('servers and moments', () => {
  let bed;
  before(async () => (bed = await testbed.start()));
  after(() => bed.stop());

  test('servers that are not there or not MAAS', async () => {
    const ask = (url, options = {}) =>
      new maas.Client({ url, apiKey: bed.maasApiKey, maxAttempts: 1, timeoutMs: 5000, ...options }).zones.list();
    await assert.rejects(ask(bed.maasUrl, { apiKey: 'no:such:key1' }), { code: 'UNAUTHORIZED' });
    await assert.rejects(ask('http://127.0.0.1:1/MAAS'), { code: 'CONNECT', message: /check the URL/ });
    await assert.rejects(ask(bed.maasUrl.replace('/MAAS', '/nowhere')), { code: 'NOT_FOUND', status: 404, message: /URL/ });
    await assert.rejects(ask(bed.maasUrl.replace('http:', 'https:')), { code: 'TLS' });
    await assert.rejects(ask('http://no-such-host.invalid/MAAS'), { code: 'CONNECT' });
    await bed.orderFault({ method: 'GET', path: '*/zones/', kind: 'status', status: 302, count: 1 });
    await assert.rejects(ask(bed.maasUrl), { code: 'REDIRECTED' });
    const other = await testbed.start({ tls: true });
    await assert.rejects(ask(other.maasUrl), { code: 'TLS', message: /CA certificate/ });
    assert.equal((await ask(other.maasUrl, { caPem: other.caPem })).length, 3);
    assert.equal((await ask(other.maasUrl, { caPem: other.caPem, onlyTheseCa: true })).length, 3);
    await assert.rejects(ask(other.maasUrl.replace('https:', 'http:')), PaletteMaasError);
    await other.stop();
  });

  test('a server that never answers, and a timeout of one call', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const client = new maas.Client({ url: `http://127.0.0.1:${silent.address().port}/MAAS`, apiKey: KEY, maxAttempts: 1 });
    const began = Date.now();
    await assert.rejects(client.whoami({ timeoutMs: 200 }), { name: 'TimeoutError', code: 'TIMEOUT', message: /200ms/ });
    assert.ok(Date.now() - began < 3000);
    client.close();
    silent.close();
  });

  test('a call that is aborted ends at once; one that is closed is refused', async () => {
    await bed.orderFault({ method: 'GET', path: '*/zones/', kind: 'delay', ms: 60_000 });
    const client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, maxInFlight: 1 });
    const began = Date.now();
    await assert.rejects(client.zones.list({ signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    await bed.clearFaults();
    assert.equal((await client.zones.list()).length, 3, 'the only place in flight is free again');
    assert.ok(Date.now() - began < 5000);
    const logged = client.withResponseLog(new ResponseLog());
    client.close();
    client.close();
    for (const closed of [client, logged]) {
      await assert.rejects(closed.zones.list(), { name: 'InvalidInputError', message: /closed.*new one/ });
    }
  });

  test('what a listener throws ends the wait', async () => {
    const client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey });
    const { system_id } = await client.machines.allocate();
    const tired = () => { throw new RangeError('enough'); };
    await assert.rejects(client.machine(system_id).waitDeployed({ onProgress: tired }), { name: 'RangeError', message: 'enough' });
    await client.machine(system_id).release();
    const { status } = await client.machine(system_id).get();
    assert.equal(status, maas.NodeStatus.Ready);
    await bed.reset();
  });

  test('heads of answers, and an answer of any kind', async () => {
    const log = new ResponseLog();
    const client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey });
    assert.equal(log.last, undefined);
    const answer = await client.withResponseLog(log).call('GET', 'zones/', { query: { a: ['1', 2, true] } });
    assert.deepEqual([answer.status, answer.attempts, answer.json().length], [200, 1, 3]);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(new TextDecoder().decode(answer.body), answer.text());
    assert.ok(!inspect(answer).includes('zone-a') && !JSON.stringify(answer).includes('zone-a'));
    assert.deepEqual([log.all.length, log.last.operation, log.last.status], [1, 'call', 200]);
    const seen = await bed.history();
    assert.equal(seen.at(-1).query, 'a=1&a=2&a=true');
  });

  test('what a testbed has', async () => {
    assert.ok(bed.paletteUrl && bed.paletteApiKey && bed.paletteProjectUid && bed.paletteGatewayUid);
    const info = await fetch(`${bed.paletteUrl}/v1/users/info`, { headers: { ApiKey: bed.paletteApiKey } });
    assert.equal(info.status, 200);
    const startTime = new Date('2030-01-02T03:04:05Z');
    const other = await testbed.start({ startTime, paused: true, healthy: true, seed: 7 });
    assert.ok(Math.abs(other.clock.now() - startTime) < 1000);
    await other.clock.advance(3_600_000);
    assert.ok(other.clock.now() - startTime >= 3_600_000);
    await other.stop();
  });
});
