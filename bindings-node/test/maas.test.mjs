// The MAAS client against a testbed and against servers that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';

import { createRequire } from 'node:module';

import * as sdk from 'palette-maas';
import { maas, testbed } from 'palette-maas';

const KEY = 'consumer:token:marked-secret';

async function serving(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/MAAS`,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

async function answering(status, headers, body, options, use) {
  const server = await serving((request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  });
  try {
    return await use(new maas.Client({ url: server.url, apiKey: KEY, maxAttempts: 1, ...options }));
  } finally {
    await server.close();
  }
}

describe('against a testbed', () => {
  let bed, client;
  before(async () => {
    bed = await testbed.start({ speed: 5000 });
    client = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasApiKey, clock: bed.clock });
  });
  after(() => bed.stop());

  test('a machine is allocated, deployed, awaited and released', async () => {
    const machine = await client.machines.allocate({ min_cpu: 2, zone: 'zone-a' });
    assert.equal(machine.status, maas.NodeStatus.Allocated);
    assert.equal(machine.zone.name, 'zone-a');
    const handle = client.machine(machine.system_id);
    await handle.deploy({ distro_series: 'jammy', user_data: '#cloud-config' });
    const looks = [];
    const began = bed.clock.now();
    const deployed = await handle.waitDeployed({ timeoutMs: 3_600_000, onProgress: (look) => looks.push(look) });
    assert.equal(deployed.status_name, 'Deployed');
    assert.ok(looks.length > 1 && looks[0].state === 'Deploying' && looks[0].changed);
    assert.ok(bed.clock.now() - began > 10 * 60_000, 'the wait took simulated minutes');
    assert.equal((await bed.leftovers()).length, 1);
    await handle.release();
    await handle.waitReleased();
    assert.deepEqual(await bed.leftovers(), []);
  });

  test('lists, filters and one machine', async () => {
    const all = await client.machines.list();
    assert.equal(all.length, 39);
    assert.deepEqual(all.unreadable, []);
    assert.ok(Array.isArray(all) && !(all.map((machine) => machine.hostname) instanceof all.constructor));
    const [one] = await client.machines.list({ hostname: 'node01' });
    assert.deepEqual(await client.machines.get(one.system_id), one);
    assert.deepEqual(await client.machines.find('node01'), one);
  });

  test('zones: create, read, update, clear, delete', async () => {
    const made = await client.zones.create('az9', { description: 'north' });
    assert.equal((await client.zones.get('az9')).description, 'north');
    assert.equal((await client.zones.update('az9', {})).description, 'north');
    assert.equal((await client.zones.update('az9', { description: null })).description, '');
    assert.ok((await client.zones.list()).some((zone) => zone.id === made.id));
    await client.zones.delete('az9');
    await assert.rejects(client.zones.get('az9'), { name: 'NotFoundError', code: 'NOT_FOUND', status: 404, operation: 'zone.get' });
  });

  test('the rules of MAAS come back as their own errors', async () => {
    await assert.rejects(client.machines.allocate({ min_cpu: 1000 }), { code: 'NO_MATCHING_MACHINE', status: 409 });
    await assert.rejects(client.machines.list({ zone: 'nowhere' }), (error) => {
      assert.ok(error instanceof sdk.BadRequestError && error instanceof sdk.PaletteMaasError && error instanceof Error);
      assert.deepEqual(Object.keys(error.fields), ['zone']);
      return true;
    });
    const user = new maas.Client({ url: bed.maasUrl, apiKey: bed.maasUserApiKey });
    await assert.rejects(user.zones.create('az8'), { name: 'ForbiddenError', status: 403 });
    const stranger = new maas.Client({ url: bed.maasUrl, apiKey: 'no:such:key1' });
    await assert.rejects(stranger.machines.list(), { name: 'UnauthorizedError', status: 401 });
  });

  test('an AbortSignal ends a call: before, during, with its reason, and never afterwards', async () => {
    const handle = client.machine((await client.machines.list({ hostname: 'node02' }))[0].system_id);
    await assert.rejects(handle.get({ signal: AbortSignal.abort(new Error('too late')) }), { message: 'too late' });
    const controller = new AbortController();
    let heard = 0;
    controller.signal.onabort = () => (heard += 1);
    bed.clock.pause();
    setTimeout(() => controller.abort(new Error('enough')), 30);
    const fails = client.machine('p77gwg').waitReleased({ signal: controller.signal, minDelayMs: 1e9 });
    await assert.doesNotReject(fails, 'a Ready machine is released already');
    const waiting = client.machines.list({ hostname: 'static-deploying' }).then(([machine]) =>
      client.machine(machine.system_id).waitDeployed({ signal: controller.signal, minDelayMs: 1e9 }));
    await assert.rejects(waiting, { message: 'enough' });
    assert.equal(heard, 1, "the caller's own listener is kept");
    bed.clock.resume();
    const later = new AbortController();
    const machine = await handle.get({ signal: later.signal });
    later.abort();
    assert.equal(machine.hostname, 'node02');
    await assert.rejects(handle.get({ signal: AbortSignal.timeout(0) }).then(() => handle.get({ signal: AbortSignal.abort() })), { name: /AbortError|TimeoutError/ });
  });
});

describe('bad input and servers that misbehave', () => {
  test('each malformed key or URL says what is wrong and never repeats the key', () => {
    for (const [options, part] of [
      [{ url: 'http://h/MAAS', apiKey: 'one:part-secret' }, 'three'],
      [{ url: 'http://h/MAAS', apiKey: 'a::part-secret' }, 'empty'],
      [{ url: 'maas', apiKey: KEY }, 'URL'],
      [{ url: 'http://h/MAAS' }, 'apiKey'],
      [{ url: 'http://h/MAAS', apiKey: KEY, timeout: 5 }, 'timeout'],
      [{ url: 'http://h/MAAS', apiKey: KEY, caPem: 'nonsense' }, 'PEM'],
    ]) {
      assert.throws(() => new maas.Client(options), (error) => {
        assert.equal(error.code, 'INVALID_INPUT');
        assert.match(error.message, new RegExp(part));
        assert.ok(!inspect(error).includes('part-secret'));
        return true;
      });
    }
  });

  test('an option that does not exist names itself and the known ones', async () => {
    const client = new maas.Client({ url: 'http://127.0.0.1:1/MAAS', apiKey: KEY });
    await assert.rejects(client.machines.list({ zones: 'a' }), { code: 'INVALID_INPUT', attempts: 0, message: /`zones`.*`zone`/ });
    await assert.rejects(client.machines.allocate({ min_cpu: 'many' }), { code: 'INVALID_INPUT' });
    await assert.rejects(client.zones.get(''), { code: 'INVALID_INPUT', operation: 'zone.get' });
  });

  test('a refused connection, a redirect, HTML, nonsense and a lost POST', async () => {
    const refused = new maas.Client({ url: 'http://127.0.0.1:1/MAAS', apiKey: KEY, maxAttempts: 1 });
    await assert.rejects(refused.zones.list(), { name: 'ConnectError', code: 'CONNECT', status: null });
    await answering(301, { location: 'https://h:5443/MAAS/' }, '', {}, (client) =>
      assert.rejects(client.zones.list(), { name: 'RedirectedError', message: /https:\/\/h:5443\/MAAS/ }));
    await answering(502, { 'content-type': 'text/html' }, '<title>Bad Gateway</title>', {}, (client) =>
      assert.rejects(client.zones.list(), { code: 'UNAVAILABLE', status: 502 }));
    await answering(200, {}, '{"not": "a list"}', {}, (client) => assert.rejects(client.zones.list(), { name: 'DecodeError' }));
    const server = await serving((request) => request.socket.destroy());
    const client = new maas.Client({ url: server.url, apiKey: KEY });
    await assert.rejects(client.machines.allocate(), { name: 'OutcomeUnknownError', code: 'OUTCOME_UNKNOWN', attempts: 1, retryable: false });
    await server.close();
  });

  test('an unreadable element spoils only itself', async () => {
    const body = '[{"name":"a","id":1},{"name":"b","id":"many"},{"name":"c","id":3}]';
    await answering(200, {}, body, {}, async (client) => {
      const zones = await client.zones.list();
      assert.deepEqual(zones.map((zone) => zone.name), ['a', 'c']);
      assert.equal(zones.unreadable.length, 1);
      assert.match(zones.unreadable[0].message, /\[1\]\.id/);
    });
  });

  test('no secret in any error, in any form', async () => {
    for (const status of [400, 401, 403, 404, 409, 500, 503]) {
      await answering(status, { 'x-echo': KEY }, `Expected signature base string: &marked-secret ${KEY}`, {}, async (client) => {
        for (const call of [() => client.zones.list(), () => client.machines.allocate(), () => client.machine('abc').get()]) {
          const error = await call().then(() => assert.fail('it must fail'), (failed) => failed);
          for (const text of [error.message, error.stack, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), String(error.cause)]) {
            assert.ok(!text.includes('marked-secret'), text);
          }
        }
        assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes('marked-secret'));
      });
    }
  });

  test('a stopped testbed says so', async () => {
    const bed = await testbed.start();
    await bed.stop();
    await bed.stop();
    await assert.rejects(bed.leftovers(), { code: 'INVALID_INPUT', message: /not running/ });
    await assert.rejects(testbed.start({ speed: 0 }), { code: 'INVALID_INPUT', message: /speed/ });
    await assert.rejects(testbed.start({ sped: 1 }), { code: 'INVALID_INPUT', message: /`sped`/ });
  });
});

test('import and require give the same package, subpaths included', () => {
  const require = createRequire(import.meta.url);
  assert.equal(require('palette-maas').maas.Client, maas.Client);
  assert.equal(require('palette-maas/maas').Client, maas.Client);
  assert.equal(require('palette-maas/testbed').start, testbed.start);
});
