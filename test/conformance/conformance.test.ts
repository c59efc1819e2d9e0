import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NOT_EXERCISED, readExpectedFailures } from './expected-failures.ts';
import { type Expectations, judgeResults, resultsTable } from './judge-results.ts';
import { SUITE } from './run-suite.ts';
import { SCENARIO_PLANS } from './scenario-plans.ts';
import type { ScenarioResult } from './scenario-results.ts';
import { readResults } from './scenario-results.ts';

type Status = ScenarioResult['checks'][number]['status'];

const PASS: readonly Status[] = ['SUCCESS', 'SUCCESS', 'INFO', 'SKIPPED'];

const expectations: Expectations = {
  required: { calls: { successes: { '2025-11-25': 2, '2026-07-28': 2 } } },
  expectedFailures: new Map([['auth/login', 'needs a person']]),
  notExercised: new Map([['skills', 'hosts none']]),
};

/** Results that are all as expected. @param changes replace or add some */
function results(changes: Readonly<Record<string, readonly Status[] | undefined>> = {}, ended = 'done') {
  const all: Record<string, readonly Status[] | undefined> = {
    'calls 2025-11-25': PASS,
    'calls 2026-07-28': PASS,
    'auth/login 2025-11-25': ['SUCCESS', 'FAILURE'],
    'skills 2025-11-25': ['SKIPPED'],
    ...changes,
  };
  return Object.entries(all).flatMap(([name, statuses]): ScenarioResult[] => {
    const [scenario = '', revision = ''] = name.split(' ');
    const checks = statuses?.map((status, at) => ({ id: `check-${at}`, status, errorMessage: `message ${at}` }));
    return checks === undefined ? [] : [{ scenario, checks, client: { revision, samples: [], ended } }];
  });
}

/** The failures, as `scenario revision: reason`. */
function failures(given: readonly ScenarioResult[]): string[] {
  const failed = judgeResults(given, expectations).filter(({ verdict }) => verdict === 'FAILED');
  return failed.map(({ scenario, revision, reason }) => `${scenario} ${revision}: ${reason}`);
}

describe('judgeResults', () => {
  it('accepts passes, expected failures and scenarios that are not exercised', () => {
    const verdicts = judgeResults(results(), expectations).map((row) => {
      return `${row.scenario} ${row.revision} ${row.succeeded}/${row.decisive} ${row.verdict}: ${row.reason}`;
    });
    assert.deepEqual(verdicts, [
      'calls 2025-11-25 2/2 passed: ',
      'calls 2026-07-28 2/2 passed: ',
      'auth/login 2025-11-25 1/2 expected failure: needs a person',
      'skills 2025-11-25 0/0 not exercised: hosts none',
    ]);
  });

  for (const bad of ['FAILURE', 'WARNING'] as const) {
    it(`fails a required scenario on a ${bad}, with its message`, () => {
      const found = failures(results({ 'calls 2026-07-28': [...PASS, bad] }));
      assert.deepEqual(found, [`calls 2026-07-28: ${bad} check-4: message 4`]);
    });
  }

  it('fails a required scenario in which too few checks succeeded, because a client that does nothing breaks no rule', () => {
    assert.deepEqual(failures(results({ 'calls 2025-11-25': ['SUCCESS', 'INFO'] })), [
      'calls 2025-11-25: only 1 of 2 checks succeeded',
    ]);
    assert.deepEqual(failures(results({ 'calls 2025-11-25': [] })), ['calls 2025-11-25: only 0 of 2 checks succeeded']);
  });

  it('fails a required scenario whose client did not finish or has no report', () => {
    const [first, ...others] = results() as [ScenarioResult, ...ScenarioResult[]];
    const cut = { ...first, client: { revision: '2025-11-25', samples: [], ended: 'Error: tools/call failed' } };
    assert.deepEqual(failures([cut, ...others]), ['calls 2025-11-25: the client: Error: tools/call failed']);
    assert.deepEqual(failures([{ ...first, client: undefined }, ...others]), ['calls : the client has no report']);
  });

  it('fails a required scenario that is missing in a revision, or that ran in an unknown one', () => {
    assert.deepEqual(failures(results({ 'calls 2026-07-28': undefined, 'calls 2027-01-01': PASS })), [
      'calls 2026-07-28: the suite has no result for it',
      'calls 2027-01-01: nothing is expected for 2027-01-01',
    ]);
  });

  it('fails an expected failure that no longer fails, even in one of two revisions', () => {
    for (const statuses of [PASS, ['SKIPPED'], []] as const) {
      assert.deepEqual(failures(results({ 'auth/login 2026-07-28': statuses })), [
        'auth/login 2026-07-28: expected to fail, but nothing did',
      ]);
    }
  });

  it('fails an entry of either list that the suite does not run', () => {
    assert.deepEqual(failures(results({ 'auth/login 2025-11-25': undefined, 'skills 2025-11-25': undefined })), [
      'auth/login : the suite has no result for it',
      'skills : the suite has no result for it',
    ]);
  });

  it('fails a scenario that is in no list, and one that is exercised unexpectedly', () => {
    assert.deepEqual(failures(results({ 'news 2026-07-28': PASS, 'skills 2025-11-25': ['SUCCESS'] })), [
      'news 2026-07-28: unknown: not required, not expected to fail, not left out',
      'skills 2025-11-25: must not be exercised, but it has checks',
    ]);
  });

  it('lists equal results of two runs once, and different results twice', () => {
    const twice = judgeResults([...results(), ...results()], expectations);
    assert.equal(twice.length, 4);
    assert.equal(failures([...results(), ...results({ 'calls 2025-11-25': ['FAILURE'] })]).length, 1);
  });
});

describe('resultsTable', () => {
  it('has a row for each result, and the totals at the end', () => {
    const lines = resultsTable(judgeResults(results({ 'auth/login 2025-11-25': [] }), expectations))
      .trim()
      .split('\n');
    assert.equal(lines[2], '| calls      | 2025-11-25 | 2/2    | passed |');
    assert.equal(lines.at(-3), '| auth/login | 2025-11-25 | 0/0    | FAILED: expected to fail, but nothing did |');
    assert.equal(lines.at(-1), '2 passed, 0 expected failure, 1 not exercised, 1 FAILED');
  });

  it('keeps each row on one line', () => {
    const broken = { scenario: 'calls', checks: [], client: { revision: '2025-11-25', samples: [], ended: 'a\n  b' } };
    assert.match(resultsTable(judgeResults([broken], expectations)), /FAILED: the client: a b \|$/m);
  });
});

describe('readResults', () => {
  it('reads the results from the folders of the suite, with the output of the client', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-surge-conformance-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const client = { revision: '2026-07-28', samples: ['tools/list OK'], ended: 'done' };
    const check = { id: 'token', name: 'Token', status: 'FAILURE', errorMessage: 'none', timestamp: '2026-11-01' };
    const place = (name: string, files: Readonly<Record<string, string>>) => {
      const into = join(folder, name);
      mkdirSync(into, { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(join(into, file), text);
    };
    place('auth/iss-2025-2026-11-23T09-29-15-955Z', {
      'checks.json': JSON.stringify([check]),
      'stdout.txt': `${JSON.stringify(client, undefined, 2)}\n`,
    });
    place('tools_call-2026-11-23T09-29-15-954Z', { 'checks.json': '[]', 'stdout.txt': '' });
    assert.deepEqual(readResults(folder), [
      { scenario: 'auth/iss-2025', checks: [{ id: 'token', status: 'FAILURE', errorMessage: 'none' }], client },
      { scenario: 'tools_call', checks: [], client: undefined },
    ]);
    place('odd-2026-11-23T09-29-15-954Z', { 'checks.json': '[{"id":"a","status":"BROKEN"}]' });
    assert.throws(() => readResults(folder), /status/);
  });
});

describe('readExpectedFailures', () => {
  it('demands a reason for each entry', () => {
    assert.deepEqual(
      readExpectedFailures('client:\n  # A group.\n  - a # because\n  - b/c # why: so\n'),
      new Map([
        ['a', 'because'],
        ['b/c', 'why: so'],
      ]),
    );
    assert.throws(() => readExpectedFailures('client:\n  # A group.\n  - a\n'), /^Error: a: expected the reason/);
    assert.throws(() => readExpectedFailures('clients:\n  - a # because\n'), /"client"/);
  });
});

describe('the installed conformance suite', () => {
  it('has exactly the scenarios of the three lists, each in one list', () => {
    const text = execFileSync(process.execPath, [SUITE.file, 'list', '--client'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const listed = [...text.matchAll(/^ +- (\S+) \[/gm)].map(([, name]) => name);
    const known = [...Object.keys(SCENARIO_PLANS), ...readExpectedFailures().keys(), ...NOT_EXERCISED.keys()];
    assert.deepEqual(known.sort(), listed.sort());
  });
});
