import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { callTool, textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import type { VirtualUser } from '../../src/traffic/executor.ts';
import { aPlan } from '../support/a-plan.ts';
import { aSegmentRun, nth } from '../support/a-segment-run.ts';
import { openFoundSession, openSessionRig, type SessionRig } from '../support/session-rig.ts';
import { EVERYTHING, type PackageServer, startPackageServer } from './package-server.ts';

const ELICITING = 'trigger-elicitation-request';
const RESEARCH = 'simulate-research-query';

describe('a session with server-everything', { concurrency: true }, () => {
  let server: PackageServer;
  let url: string;
  before(async () => {
    server = await startPackageServer(EVERYTHING, ['streamableHttp']);
    url = `${server.origin}/mcp`;
  });
  after(() => server.stop());

  /** Ends the latest session, as if the server had lost it. */
  async function endFromOutside({ exchanges }: SessionRig): Promise<void> {
    const id = exchanges.flatMap(({ replyHeaders }) => replyHeaders['mcp-session-id'] ?? []).at(-1);
    const { status } = await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': String(id) } });
    assert.equal(status, 200);
  }

  it('runs from the detection of the era to DELETE', async (t) => {
    const session = await openFoundSession(t, { url });
    await session.request(callTool('echo')('{"message":"a"}'));
    await session.close();
    assert.deepEqual(session.rig.samples(), [
      'server/discover RPC_-32000',
      'initialize OK',
      'notifications/initialized OK',
      'tools/list OK',
      'tools/call:echo OK',
      'DELETE OK',
    ]);
    assert.deepEqual(
      session.rig.exchanges.map(({ status }) => status),
      [400, 200, 202, 200, 200, 200],
    );
  });

  it('speaks an older revision that the plan pins', async (t) => {
    const session = await openFoundSession(t, { url, protocol: '2025-03-26' });
    assert.equal(session.facts.protocolVersion, '2025-03-26');
    assert.equal((await session.request(callTool('echo')('{"message":"a"}'))).outcome, 'OK');
    await session.close();
    assert.equal(session.rig.samples()[0], 'initialize OK');
  });

  it('is not offered tools with server requests when it declares no capabilities', async (t) => {
    const session = await openFoundSession(t, { url });
    const names = session.tools.map(({ name }) => name);
    for (const asking of [ELICITING, 'trigger-sampling-request', 'get-roots-list']) {
      assert.ok(!names.includes(asking), asking);
    }
    await session.close();
  });

  it('declines a form with a required field that has no default, and the tool continues', async (t) => {
    const session = await openFoundSession(t, { url, elicitation: 'defaults' });
    assert.ok(session.tools.some(({ name }) => name === ELICITING));
    const exchange = await session.request(callTool(ELICITING)('{}'));
    await session.close();
    assert.equal(exchange.outcome, 'OK', exchange.message);
    assert.match(textOfTool(exchange.result), /declined/);
    assert.deepEqual(session.rig.samples().slice(4).sort(), [
      'DELETE OK',
      'response:elicitation/create OK',
      `tools/call:${ELICITING} OK`,
    ]);
  });

  it('keeps the event stream open until it is closed', async (t) => {
    const session = await openFoundSession(t, { url, eventStream: true });
    assert.equal((await session.request(callTool('echo')('{"message":"a"}'))).outcome, 'OK');
    await session.close();
    assert.deepEqual(session.rig.samples().slice(-2), ['GET OK', 'DELETE OK']);
    const stream = session.rig.exchanges.at(-2);
    assert.equal(stream?.status, 200);
    assert.ok(
      (stream.sample.closeMs ?? 0) > stream.sample.durationMs,
      'opening the stream is the sample, not its whole life',
    );
  });

  it('is replaced when a 400 says that it is lost, and the call is sent again in the new one', async (t) => {
    const rig = await openSessionRig(t, { url });
    const vu = echoingVu(rig);
    await vu.iterate(nth(0));
    await endFromOutside(rig);
    await vu.iterate(nth(1));
    await vu.end();
    await rig.close();
    const opening = ['initialize OK', 'notifications/initialized OK', 'tools/list OK'];
    assert.deepEqual(rig.samples(), [
      ...opening,
      'tools/call:echo OK',
      'tools/call:echo SESS_LOST',
      ...opening,
      'tools/call:echo OK retry',
      'DELETE OK',
    ]);
    assert.equal(rig.exchanges.find(({ outcome }) => outcome === 'SESS_LOST')?.status, 400);
  });

  it('runs a tool as a task when it must; every request is a sample, and the result is the tool’s', async (t) => {
    const session = await openFoundSession(t, { url });
    assert.equal(session.tools.find(({ name }) => name === RESEARCH)?.taskSupport, 'required');
    const exchange = await session.request(callTool(RESEARCH)('{"topic":"tea"}'));
    await session.close();
    assert.equal(exchange.outcome, 'OK', exchange.message);
    assert.match(textOfTool(exchange.result), /Research Report: tea/);
    const samples = session.rig.samples().slice(4, -1);
    const polls = samples.slice(0, -2);
    assert.deepEqual(samples.slice(-2), [`tasks/result:${RESEARCH} OK`, `tools/call:${RESEARCH} OK`]);
    // The task takes four seconds and wants one poll per second.
    assert.ok(exchange.sample.durationMs > 3000, `${exchange.sample.durationMs} ms`);
    assert.ok(polls.length >= 3 && polls.length <= 6, polls.join());
    assert.deepEqual([...new Set(polls)], [`tasks/get:${RESEARCH} OK`]);
  });

  it('answers a task that waits for input over the stream of tasks/result', async (t) => {
    const session = await openFoundSession(t, { url, elicitation: 'defaults' });
    const exchange = await session.request(callTool(RESEARCH)('{"topic":"tea","ambiguous":true}'));
    await session.close();
    assert.equal(exchange.outcome, 'OK', exchange.message);
    assert.match(textOfTool(exchange.result), /User declined/);
    const samples = session.rig.samples();
    assert.ok(samples.includes('response:elicitation/create OK'), samples.join());
    assert.ok(samples.includes(`tasks/result:${RESEARCH} OK`), samples.join());
  });
});

/** A virtual user that only calls echo. */
function echoingVu({ client }: SessionRig): VirtualUser {
  const plan = aPlan({ scenario: { steps: [{ tool: 'echo', arguments: { message: 'a' } }] } });
  const recorder = new Recorder(
    systemClock.now(),
    () => assert.fail('more samples than one block holds'),
    (text) => text,
  );
  return aSegmentRun(plan, { client, clock: systemClock, recorder }).newVu(0);
}
