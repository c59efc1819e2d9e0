import assert from 'node:assert/strict';
import type { ReadFile } from '../../src/plan/feed.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { PlanProblem } from '../../src/plan/problem.ts';

/** A small valid plan; its first step is the end of the text, so that more keys can follow. */
export const YAML = `name: small
targets:
  web:
    url: http://127.0.0.1:4801/mcp
scenarios:
  calls:
    target: web
    executor: constant-vus
    vus: 1
    duration: 10s
    steps:
      - tool: look
`;

/** The problems of a text that must be refused. */
export function problemsIn(text: string, readFile?: ReadFile): readonly PlanProblem[] {
  const parsed = parsePlan(text, readFile);
  assert.ok(!parsed.ok, 'expected a refusal');
  return parsed.problems;
}

/** The problem of a text that must be refused for one reason. */
export function onlyProblemIn(text: string): PlanProblem {
  const all = problemsIn(text);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0] as PlanProblem;
}
