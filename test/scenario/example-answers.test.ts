import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ResultJudge } from '../../src/mcp/http/json-rpc.ts';
import { textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { answerKeeper } from '../../src/scenario/checks.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { aPlan } from '../support/a-plan.ts';

const saying = (text: string) => ({ content: [{ type: 'text', text }] });

/** Judges results of the steps of a scenario in turn. @returns the answers that were kept */
function keptOf(steps: readonly object[], ...results: readonly (readonly unknown[])[]): string[][] {
  const plan = aPlan({ scenario: { order: 'fixed', steps } });
  const kept: string[][] = [];
  const { drawSteps } = compileScenario(plan, 'calls', (operation, text) => kept.push([operation, text]));
  for (const [index, { makeCall }] of drawSteps(Math.random).entries()) {
    for (const result of results[index] ?? []) {
      const values = { random: Math.random, vu: 0, iteration: 0, rows: [], captured: new Map() };
      makeCall(values).judge(result);
    }
  }
  return kept;
}

it('keeps the first useful result of each step, whatever its kind', () => {
  const steps = [
    { tool: 'look', arguments: { n: '{{$integer(1,9)}}' } },
    { resource: 'file:///a' },
    { prompt: 'greet' },
    { complete: { prompt: 'greet', argument: { name: 'who', value: 'A' } } },
    { list: 'prompts' },
    { ping: true },
  ];
  const kept = keptOf(
    steps,
    [{ ...saying('broken'), isError: true }, saying('seen'), saying('seen again')],
    [{}, { contents: [{ uri: 'file:///a', text: 'a file' }] }],
    [{ messages: [{ role: 'user', content: { type: 'text', text: 'Greet them' } }] }],
    [{ completion: { values: ['Ada', 'Alan'] } }],
    [{ prompts: [{ name: 'greet' }] }],
    [{}],
  );
  assert.deepEqual(kept, [
    ['tools/call:look', 'seen'],
    ['resources/read:file:///a', 'a file'],
    ['prompts/get:greet', 'Greet them'],
    ['completion/complete:greet', 'Ada\nAlan'],
    ['prompts/list', '{"prompts":[{"name":"greet"}]}'],
    ['ping', '{}'],
  ]);
});

it('keeps no result that fails a check or lacks a captured value, and keeps one with a warning', () => {
  const capture = { id: { matches: '[0-9]+' } };
  const checked = { tool: 'look', checks: [{ contains: 'good' }] };
  assert.deepEqual(keptOf([checked], [saying('bad'), saying('good')]), [['tools/call:look', 'good']]);
  const captured = [saying('no number'), saying('number 7'), saying('number 8')];
  assert.deepEqual(keptOf([{ tool: 'look', capture }], captured), [['tools/call:look', 'number 7']]);
  assert.deepEqual(keptOf([{ tool: 'look' }], [saying('fetch failed'), saying('good')]), [
    ['tools/call:look', 'fetch failed'],
  ]);
});

it('does nothing more once an answer is kept', () => {
  let read = 0;
  const keeper = answerKeeper(() => {});
  const judge: ResultJudge = () => ({ outcome: 'OK', message: '' });
  const judged = keeper(judge, (result) => {
    read++;
    return textOfTool(result);
  });
  for (let index = 0; index < 10; index++) judged(saying('seen'));
  assert.equal(read, 1);
  assert.equal(keeper(judge, textOfTool), judge, 'later calls get the judge as it is');
});

it('keeps the beginning of a result that is nested too deeply to be shown', () => {
  let nested: object = {};
  for (let depth = 0; depth < 100_000; depth++) nested = { nested };
  const [[operation, answer] = ['', '']] = keptOf([{ tool: 'look' }], [{ content: [], structuredContent: nested }]);
  assert.equal(operation, 'tools/call:look');
  assert.match(answer ?? '', /^\{"content":\[\],"structuredContent":\{"nested":\{"nested":.*…\}+$/);
});
