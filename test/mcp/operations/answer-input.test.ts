import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { answerElicitation, answerInput, clientCapabilities } from '../../../src/mcp/operations/answer-input.ts';
import { addParams, judgeResultType } from '../../../src/mcp/operations/call.ts';

const form = (properties: object, more: object = {}) => ({
  message: 'Please fill in',
  requestedSchema: { type: 'object', properties, ...more },
});
const elicit = (params: object = form({})) => ({ method: 'elicitation/create', params });
const asking = (inputRequests: unknown, more: object = {}) => ({
  resultType: 'input_required',
  inputRequests,
  ...more,
});

/** The members that an answer adds to params. */
function membersOf(result: unknown, elicitation: 'none' | 'defaults' = 'defaults'): unknown {
  const answer = answerInput(result, elicitation);
  return answer === undefined ? undefined : JSON.parse(addParams('{}', answer));
}

describe('a form', () => {
  it('is accepted with the defaults of its fields, whatever their type', () => {
    const fields = {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      verified: { type: 'boolean', default: false },
      status: { type: 'string', enum: ['active', 'pending'], default: 'pending' },
      titled: { type: 'string', oneOf: [{ const: 'a', title: 'A' }], default: 'a' },
      several: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, default: ['b', 'a'] },
      none: { type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] }, default: [] },
      empty: { type: 'string', default: '' },
    };
    const content = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]));
    const required = Object.keys(fields);
    assert.deepEqual(answerElicitation(form(fields, { required })), { action: 'accept', content });
  });

  it('is accepted without the optional fields that have no default', () => {
    const fields = { a: { type: 'string' }, b: { type: 'boolean', default: true }, c: true };
    assert.deepEqual(answerElicitation(form(fields, { required: ['b'] })), { action: 'accept', content: { b: true } });
    assert.deepEqual(answerElicitation({ ...form({}), mode: 'form' }), { action: 'accept', content: {} });
  });

  it('is declined when a required field has no default that the protocol can carry', () => {
    for (const field of [{ type: 'string' }, { default: null }, { default: { a: 1 } }, { default: ['a', 1] }]) {
      assert.deepEqual(answerElicitation(form({ a: field }, { required: ['a'] })), { action: 'decline' });
    }
    assert.deepEqual(answerElicitation(form({}, { required: ['toString'] })), { action: 'decline' });
  });

  it('can have fields of any name', () => {
    const fields = JSON.parse('{"__proto__":{"default":"a"},"constructor":{"default":"b"}}');
    const answer = answerElicitation(form(fields, { required: ['__proto__'] }));
    assert.equal(JSON.stringify(answer), '{"action":"accept","content":{"__proto__":"a","constructor":"b"}}');
  });

  it('is not answered without a schema, or in a mode that was not declared', () => {
    const url = { mode: 'url', message: 'Log in', url: 'https://example.com/' };
    for (const params of [undefined, null, 'x', {}, { requestedSchema: {} }, url, { ...form({}), mode: 'url' }]) {
      assert.equal(answerElicitation(params), undefined, JSON.stringify(params));
    }
  });
});

describe('a result that asks for input', () => {
  it('is answered under the keys of its requests', () => {
    const odd = 'a "b"';
    const requests = {
      [odd]: elicit(form({ ok: { default: true } })),
      second: elicit(form({ a: {} }, { required: ['a'] })),
    };
    assert.deepEqual(membersOf(asking(requests, { requestState: 's' })), {
      inputResponses: { [odd]: { action: 'accept', content: { ok: true } }, second: { action: 'decline' } },
      requestState: 's',
    });
  });

  it('gets its state back to the byte, and no state that it did not send', () => {
    assert.deepEqual(membersOf(asking({ a: elicit() })), { inputResponses: { a: { action: 'accept', content: {} } } });
    assert.deepEqual(membersOf(asking({ a: elicit() }, { requestState: null })), membersOf(asking({ a: elicit() })));
    fc.assert(
      // Any sequence of UTF-16 units that JSON can hold, including invalid Unicode.
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const requestState = String.fromCharCode(...units);
        const result = JSON.parse(JSON.stringify(asking({ a: elicit() }, { requestState })));
        assert.equal((membersOf(result) as { requestState: string }).requestState, requestState);
      }),
      { numRuns: 300 },
    );
  });

  it('can ask only to be sent again, which every client can do', () => {
    for (const result of [asking({}, { requestState: '' }), { resultType: 'input_required', requestState: '' }]) {
      assert.deepEqual(membersOf(result, 'none'), { requestState: '' });
      assert.equal(judgeResultType(result, 'none')?.outcome, 'OK');
    }
  });

  it('is not answered when it asks for anything else, and the message names what it asks for', () => {
    const cases: [unknown, string][] = [
      [
        asking({ a: elicit(), b: { method: 'sampling/createMessage' } }),
        'a (elicitation/create), b (sampling/createMessage)',
      ],
      [asking({ a: elicit({ mode: 'url' }) }), 'a (elicitation/create)'],
      [asking({ a: 'x' }), 'a (no request)'],
      [asking({}), 'but does not say which'],
      [asking(undefined), 'but does not say which'],
      [asking([], { requestState: 's' }), 'but does not say which'],
      [asking({ a: elicit() }, { requestState: 7 }), 'a (elicitation/create)'],
    ];
    for (const [result, named] of cases) {
      assert.equal(membersOf(result), undefined, JSON.stringify(result));
      const judgement = judgeResultType(result, 'defaults');
      assert.equal(judgement?.outcome, 'RPC_INPUT_REQUIRED');
      assert.ok(judgement?.message.endsWith(named), judgement?.message);
    }
  });

  it('is not answered when the plan does not allow it', () => {
    assert.equal(membersOf(asking({ a: elicit() }, { requestState: 's' }), 'none'), undefined);
    assert.equal(judgeResultType(asking({ a: elicit() }), 'none')?.outcome, 'RPC_INPUT_REQUIRED');
    assert.equal(judgeResultType(asking({ a: elicit() }), 'defaults')?.outcome, 'OK');
    assert.deepEqual(clientCapabilities('none'), {});
    assert.deepEqual(clientCapabilities('defaults'), { elicitation: { form: {} } });
  });

  it('can be a task, recognised by its status', () => {
    const task = { taskId: 't', status: 'input_required', inputRequests: { a: elicit() } };
    assert.deepEqual(membersOf(task), { inputResponses: { a: { action: 'accept', content: {} } } });
  });
});

describe('a result', () => {
  it('asks for nothing when it has no type or is complete', () => {
    for (const more of [{}, { resultType: 'complete' }, { resultType: null }]) {
      const result = { content: [], inputRequests: { a: elicit() }, requestState: 's', ...more };
      assert.equal(judgeResultType(result, 'defaults'), undefined);
      assert.equal(answerInput(result, 'defaults'), undefined);
    }
    for (const result of [undefined, null, 'x', []]) assert.equal(judgeResultType(result, 'none'), undefined);
  });

  it('fails with PROTO_RESULT_TYPE when its type is unknown', () => {
    for (const resultType of ['partial', 7, '', {}]) {
      assert.deepEqual(judgeResultType({ content: [], resultType }, 'defaults'), {
        outcome: 'PROTO_RESULT_TYPE',
        message: `resultType ${JSON.stringify(resultType)}`,
      });
    }
  });
});
