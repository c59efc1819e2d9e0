import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { firstOf } from '../../../src/mcp/auth/discovery.ts';
import { classifyTransportError, limitReached } from '../../../src/mcp/http/classify.ts';
import { outcomeClass } from '../../../src/sample/outcome.ts';
import { good, serve } from './exchange-rig.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('exhaust-files.ts', import.meta.url));
const closing = good.replace('\r\n', '\r\nconnection: close\r\n');

/** An attempt to connect that the system refused. */
const attempt = (code: string, address = '127.0.0.1') =>
  Object.assign(new Error(`connect ${code} ${address}`), { code, address });
const outcomeOf = (...attempts: readonly Error[]) => {
  const error = attempts.length === 1 ? attempts[0] : new AggregateError(attempts);
  const { outcome, message } = classifyTransportError(error, false);
  return [outcome, message.split(':')[0]];
};

it('sends nothing when no file descriptor is left, blames no target, and sends the next request', {
  skip: process.platform === 'win32' && 'no ulimit',
}, async (test) => {
  const server = await serve(test, closing, good);
  const limited = ['-c', 'ulimit -n 100 && exec "$0" "$@"', process.execPath, script, server.origin];
  const { stdout } = await run('sh', limited);
  const { refusal, exchanges, finished } = JSON.parse(stdout);
  assert.equal(refusal, 'EMFILE', 'the process must really have no file descriptor left');
  const [before, without, after] = exchanges;
  assert.equal(before.outcome, 'OK', before.message);
  assert.equal(without.outcome, 'CLIENT_LIMIT', without.message);
  assert.match(without.message, /^EMFILE: .*; this process has no file descriptor left: raise its limit \(ulimit -n\)/);
  assert.match(without.message, /lower maxConnections, or spread the virtual users over more lanes$/);
  assert.equal(without.clocks, 'close');
  assert.equal(without.closesAtOnce, true);
  assert.equal(after.outcome, 'OK', after.message);
  assert.equal(finished, 3);
  assert.equal(server.requests.length, 2);
  assert.equal(server.connections, 2);
});

it('counts a request without resources neither for nor against the target', () => {
  assert.equal(outcomeClass('CLIENT_LIMIT'), 'aborted');
});

for (const [code, fix] of [
  ['EMFILE', /process has no file descriptor left: raise its limit \(ulimit -n\), lower maxConnections/],
  ['ENFILE', /machine has no file descriptor left: raise its limit \(fs\.file-max\), lower maxConnections/],
  ['EADDRNOTAVAIL', /no address or port left to connect from: lower maxConnections, .* more lanes$/],
  ['ENOBUFS', /no memory left for sockets: lower maxConnections, .* more lanes$/],
] as const) {
  it(`says how to fix ${code}`, () => {
    const { outcome, message } = classifyTransportError(attempt(code), false);
    assert.equal(outcome, 'CLIENT_LIMIT');
    assert.match(message, fix);
    assert.ok(message.startsWith(`${code}: connect ${code} 127.0.0.1; `), message);
  });
}

it('reports a limit only if no other attempt reached anything', () => {
  for (const attempts of [
    [attempt('EADDRNOTAVAIL', '::1'), attempt('ECONNREFUSED')],
    [attempt('EMFILE'), attempt('ECONNREFUSED')],
    [attempt('ECONNREFUSED', '::1'), attempt('EADDRNOTAVAIL')],
  ]) {
    assert.deepEqual(outcomeOf(...attempts), ['NET_REFUSED', 'ECONNREFUSED']);
  }
  assert.deepEqual(outcomeOf(attempt('ENETUNREACH', '::1'), attempt('EADDRNOTAVAIL')), [
    'CLIENT_LIMIT',
    'EADDRNOTAVAIL',
  ]);
  assert.deepEqual(outcomeOf(attempt('EHOSTUNREACH'), attempt('EMFILE', '::1')), ['CLIENT_LIMIT', 'EMFILE']);
});

it('finds a limit in the causes of a failed authorization, and only there', async () => {
  const wrapped = (cause: Error) => new Error(`the place gave no answer: ${cause.message}.`, { cause });
  const triedAll = (...errors: readonly Error[]) =>
    firstOf(errors, (error) => Promise.reject(error)).catch((error: Error) => error);
  const limited = wrapped(attempt('EMFILE'));
  const all = await triedAll(limited, new Error('the other place answered HTTP 404.'));
  assert.match(limitReached(all) ?? '', /raise its limit \(ulimit -n\)/);
  assert.match(String(all), /EMFILE.*\. the other place answered HTTP 404\.$/);
  assert.match(limitReached(await triedAll(await triedAll(limited))) as string, /ulimit/);
  assert.equal(limitReached(await triedAll(limited, wrapped(attempt('ECONNREFUSED')))), undefined);
  assert.equal(limitReached(new Error('EMFILE')), undefined);
});

it('does not take missing IPv6 for a limit, unless no other address was tried', () => {
  const noIpv6 = attempt('EADDRNOTAVAIL', '::1');
  assert.deepEqual(outcomeOf(noIpv6, attempt('EHOSTUNREACH')), ['NET_OTHER', 'EHOSTUNREACH']);
  assert.deepEqual(outcomeOf(noIpv6, noIpv6), ['CLIENT_LIMIT', 'EADDRNOTAVAIL']);
  assert.deepEqual(outcomeOf(noIpv6), ['CLIENT_LIMIT', 'EADDRNOTAVAIL']);
});
