// Runs the cases that Rust, Python and Node share: see tests/cases/README.md.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { lifecycle, maas, ResponseLog } from 'palette-maas';

// The script that runs the tests in a fresh folder says where the cases are.
const tests = process.env.CASES ?? join(import.meta.dirname, '../../tests');
const SECRETS = ['token-secret', 'token-key:token-secret'];

const KEYS = {
  case: ['name', 'call', 'client', 'args', 'server', 'expect', 'only'],
  client: ['url', 'api_key', 'max_attempts'],
  exchange: ['expect', 'reply', 'times'],
  request: ['method', 'path', 'query', 'form'],
  reply: ['recording', 'status', 'headers', 'body', 'close', 'cut'],
  expect: ['value', 'null', 'contains', 'length', 'response', 'error'],
  error: ['code', 'status', 'operation', 'attempts', 'server_code', 'retryable', 'retry_after_ms', 'fields', 'details', 'message_contains'],
};

/** What no runner knows must not stand in a case: it would not be checked. */
function checkKeys(one) {
  const check = (kind, value = {}) => {
    for (const key of Object.keys(value)) assert.ok(KEYS[kind].includes(key), `${kind} has ${key}`);
  };
  check('case', one);
  check('client', one.client);
  for (const exchange of one.server === 'refused' ? [] : (one.server ?? [])) {
    check('exchange', exchange);
    check('request', exchange.expect);
    check('reply', exchange.reply);
  }
  check('expect', one.expect);
  check('error', one.expect.error);
}

test('an unknown key is refused wherever it stands', () => {
  const make = () => ({
    name: 'n', call: 'c', client: {}, expect: { error: { code: 'X' } },
    server: [{ expect: { method: 'GET', path: '/' }, reply: { status: 200 } }],
  });
  checkKeys(make());
  const places = [(one) => one, (one) => one.client, (one) => one.server[0], (one) => one.server[0].expect,
    (one) => one.server[0].reply, (one) => one.expect, (one) => one.expect.error];
  for (const place of places) {
    const wrong = make();
    place(wrong).nul = true;
    assert.throws(() => checkKeys(wrong), /nul/);
  }
});

const WAIT = { timeout_ms: 'timeoutMs', min_delay_ms: 'minDelayMs', max_delay_ms: 'maxDelayMs' };
const wait = (options) => Object.fromEntries(Object.entries(options).map(([name, value]) => [WAIT[name] ?? name, value]));

/** An answer to a call of any kind, as the other runners show it. */
async function whole(called) {
  const response = await called;
  let json = null;
  try {
    json = response.json();
  } catch {}
  return { status: response.status, json, text: response.text() };
}

/** The calls by the names that errors use. */
const calls = {
  'maas.client': () => undefined,
  'maas.version.get': (client) => client.version(),
  'maas.user.whoami': (client) => client.whoami(),
  'maas.zone.list': (client) => client.zones.list(),
  'maas.zone.get': (client, { name }) => client.zones.get(name),
  'maas.zone.create': (client, { name, ...options }) => client.zones.create(name, options),
  'maas.zone.update': (client, { name, ...options }) => client.zones.update(name, options),
  'maas.zone.delete': (client, { name }) => client.zones.delete(name),
  'maas.resource_pool.list': (client) => client.resourcePools.list(),
  'maas.resource_pool.get': (client, { id }) => client.resourcePools.get(id),
  'maas.resource_pool.create': (client, { name, ...options }) => client.resourcePools.create(name, options),
  'maas.resource_pool.update': (client, { id, ...options }) => client.resourcePools.update(id, options),
  'maas.resource_pool.delete': (client, { id }) => client.resourcePools.delete(id),
  'maas.subnet.list': (client) => client.subnets.list(),
  'maas.subnet.get': (client, { subnet }) => client.subnets.get(subnet),
  'maas.subnet.create': (client, { cidr, ...options }) => client.subnets.create(cidr, options),
  'maas.subnet.update': (client, { subnet, ...options }) => client.subnets.update(subnet, options),
  'maas.subnet.delete': (client, { subnet }) => client.subnets.delete(subnet),
  'maas.subnet.reserved_ip_ranges': (client, { subnet }) => client.subnets.reservedIpRanges(subnet),
  'maas.subnet.unreserved_ip_ranges': (client, { subnet }) => client.subnets.unreservedIpRanges(subnet),
  'maas.subnet.statistics': (client, { subnet }) => client.subnets.statistics(subnet),
  'maas.event.query': (client, filter) => client.events.query(filter),
  'maas.call': (client, { method, path, ...content }) => whole(client.call(method, path, content)),
  'maas.machine.release_many': (client, { system_ids, ...options }) => client.machines.releaseMany(system_ids, options),
  'maas.machine.list': (client, filter) => client.machines.list(filter),
  'maas.machine.get': (client, { system_id }) => client.machines.get(system_id),
  'maas.machine.find': (client, { hostname }) => client.machines.find(hostname),
  'maas.machine.allocate': (client, options) => client.machines.allocate(options),
  'maas.machine.deploy': (client, { system_id, ...options }) => client.machine(system_id).deploy(options),
  'maas.machine.release': (client, { system_id, ...options }) => client.machine(system_id).release(options),
  'maas.machine.abort': (client, { system_id }) => client.machine(system_id).abort(),
  'maas.machine.update': (client, { system_id, ...options }) => client.machine(system_id).update(options),
  'maas.machine.delete': (client, { system_id }) => client.machine(system_id).delete(),
  'maas.machine.power_on': (client, { system_id, ...options }) => client.machine(system_id).powerOn(options),
  'maas.machine.power_off': (client, { system_id, ...options }) => client.machine(system_id).powerOff(options),
  'maas.machine.query_power_state': (client, { system_id }) => client.machine(system_id).queryPowerState(),
  'maas.machine.set_workload_annotations': (client, { system_id, ...notes }) => client.machine(system_id).setWorkloadAnnotations(notes),
  'maas.machine.wait_deployed': (client, { system_id, ...options }) => client.machine(system_id).waitDeployed(wait(options)),
  'maas.machine.wait_ready': (client, { system_id, ...options }) => client.machine(system_id).waitReady(wait(options)),
  'maas.machine.wait_status': (client, { system_id, status, ...options }) => client.machine(system_id).waitStatus(status, wait(options)),
  'maas.machine.wait_released': (client, { system_id, ...options }) => client.machine(system_id).waitReleased(wait(options)),
};

/** The engine's functions take and give JSON text here, so that every byte is compared. */
const functions = {
  'lifecycle.validate': ({ desired }) => lifecycle.validateJson(JSON.stringify(desired)),
  'lifecycle.admit': ({ request, world }) => lifecycle.admitJson(JSON.stringify(request), JSON.stringify(world)),
  'lifecycle.decide': ({ world }) => lifecycle.decideJson(JSON.stringify(world)),
  'lifecycle.preview': ({ world, request, options }) =>
    lifecycle.previewJson(JSON.stringify(world), JSON.stringify(request ?? null), JSON.stringify(options ?? {})),
  'lifecycle.plan_network': ({ input }) => lifecycle.planNetworkJson(JSON.stringify(input)),
};

const sorted = (value) =>
  Array.isArray(value) ? value.map(sorted)
  : value && typeof value === 'object' ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
  : value;
const canonical = (value) => JSON.stringify(sorted(value ?? null));

function contains(actual, expected, path = '$') {
  if (Array.isArray(expected)) {
    assert.equal(actual?.length, expected.length, `${path}: length`);
    expected.forEach((element, index) => contains(actual[index], element, `${path}[${index}]`));
  } else if (expected && typeof expected === 'object') {
    for (const [key, value] of Object.entries(expected)) contains(actual?.[key], value, `${path}.${key}`);
  } else {
    assert.deepEqual(actual, expected, path);
  }
}

const lists = (pairs) => {
  const found = {};
  for (const [name, value] of pairs) (found[name] ??= []).push(value);
  return found;
};

function bodyOf(reply) {
  if (!reply.recording) {
    const { status = 200, headers = {}, body = '' } = reply;
    return { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
  }
  const { response } = JSON.parse(readFileSync(join(tests, 'recordings/maas-3.7.3', `${reply.recording}.json`), 'utf8'));
  const headers = {};
  for (const name of ['content-type', 'retry-after']) if (response.headers[name]) headers[name] = response.headers[name];
  const body = 'json' in response ? Buffer.from(JSON.stringify(response.json))
    : 'base64' in response ? Buffer.from(response.base64, 'base64')
    : Buffer.from(response.text ?? '');
  return { status: response.status, headers, body };
}

async function serve(exchanges) {
  const open = exchanges.flatMap((exchange) => Array(exchange.times ?? 1).fill(exchange));
  const faults = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const exchange = open.shift();
      try {
        assert.ok(exchange, `nothing more was expected, but ${request.method} ${request.url} came`);
        const url = new URL(request.url, 'http://h');
        const sent = request.url.split('?')[0];
        const form = lists(new URLSearchParams(Buffer.concat(chunks).toString()));
        const { method, path, query = {}, form: fields = {} } = exchange.expect;
        assert.deepEqual({ method: request.method, path: sent, query: lists(url.searchParams), form },
          { method, path, query, form: fields });
        if (!path.endsWith('/version/')) {
          assert.match(request.headers.authorization ?? '', /^OAuth .*oauth_token="token-key"/);
        }
      } catch (fault) {
        faults.push(fault);
      }
      const reply = exchange?.reply ?? { status: 500 };
      if (reply.close) return request.socket.destroy();
      let answer;
      try {
        answer = bodyOf(reply);
      } catch (fault) {
        faults.push(fault);
        return request.socket.destroy();
      }
      const { status, headers, body } = answer;
      for (const name of Object.keys(headers)) headers[name] = String(headers[name]).replaceAll('{server}', origin);
      response.writeHead(status, { ...headers, 'content-length': body.length });
      if (reply.cut === undefined) return response.end(status === 204 ? undefined : body);
      response.write(body.subarray(0, reply.cut), () => request.socket.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return { origin, open, faults, close };
}

async function outcome(run) {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}

const info = (error) => ({
  code: error.code, status: error.status, operation: error.operation, attempts: error.attempts, server_code: error.serverCode,
  retryable: error.retryable, retry_after_ms: error.retryAfterMs, fields: error.fields, details: error.details,
});

function judge(expect, { value, error }, text) {
  if (expect.error) {
    assert.ok(error, `it must fail, and gave ${inspect(value)}`);
    assert.ok(error.code, `no error of ours: ${inspect(error)}`);
    const { message_contains = [], ...fields } = expect.error;
    contains(info(error), fields, 'error');
    for (const part of [message_contains].flat()) assert.ok(error.message.includes(part), `"${part}" is not in "${error.message}"`);
    for (const secret of SECRETS) {
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(secret), 'a secret is in the error');
    }
    return;
  }
  if (error) throw error;
  if (expect.null) assert.equal(value ?? null, null, 'there must be no result');
  if ('value' in expect) assert.equal(text ? value : canonical(value), canonical(expect.value));
  if ('contains' in expect) contains(text ? JSON.parse(value) : value, expect.contains);
  if ('length' in expect) {
    const list = text ? JSON.parse(value) : value;
    assert.ok(Array.isArray(list), 'it must be a list');
    assert.equal(list.length, expect.length);
  }
}

const folder = join(tests, 'cases');
const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.json')).sort();
for (const file of files) {
  for (const one of JSON.parse(readFileSync(join(folder, file), 'utf8'))) {
    if (one.only && !one.only.includes('node')) continue;
    test(`${file}: ${one.name}`, async () => {
      checkKeys(one);
      const { call, client = {}, args = {}, expect } = one;
      if (call.startsWith('lifecycle.')) {
        assert.ok(functions[call], `no such function: ${call}`);
        judge(expect, await outcome(() => functions[call](args)), true);
        return;
      }
      assert.ok(calls[call], `no such call: ${call}`);
      const refused = one.server === 'refused';
      const server = await serve(refused ? [] : (one.server ?? []));
      if (refused) await server.close();
      const url = (client.url ?? '{server}/MAAS').replaceAll('{server}', server.origin);
      const options = { url, apiKey: client.api_key ?? 'consumer-key:token-key:token-secret', maxAttempts: client.max_attempts ?? 1 };
      const log = new ResponseLog();
      const ended = await outcome(() => calls[call](new maas.Client(options).withResponseLog(log), args));
      if (!refused) await server.close();
      if (server.faults.length > 0) throw server.faults[0];
      judge(expect, ended, false);
      if (expect.response) contains(log.last, expect.response, 'response');
      assert.equal(server.open.length, 0, `${server.open.length} expected requests did not come`);
    });
  }
}
test('there are cases', () => assert.ok(files.length > 0));
