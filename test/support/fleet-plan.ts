import { readFileSync } from 'node:fs';
import type { FleetProcess } from '../../fleet/start-fleet-process.ts';
import { overridePlan } from '../../src/plan/override-plan.ts';

/** The parts of a plan that tests differ in. */
export type FleetPlanOptions = {
  readonly name?: string;
  readonly duration?: string;
  readonly vus?: number;
  readonly tool?: string;
  readonly thinkTime?: string;
  /** Further top-level lines. */
  readonly more?: string;
};

/** A small plan against the fleet's learn server. */
export function learnPlan(servers: FleetProcess['servers'], options: FleetPlanOptions = {}): string {
  const {
    name = 'small',
    duration = '2s',
    vus = 3,
    tool = 'microsoft_docs_search',
    thinkTime = '20ms',
    more = '',
  } = options;
  return `
name: ${name}
targets:
  learn: { url: "${servers.learn.url}" }
scenarios:
  look:
    target: learn
    executor: constant-vus
    vus: ${vus}
    duration: ${duration}
    thinkTime: { type: constant, duration: ${thinkTime} }
    steps: [{ tool: ${tool}, arguments: { query: anything } }]
${more}`;
}

/** The plan of the demo against a whole fleet. */
export function demoPlan(servers: FleetProcess['servers'], duration: string): string {
  return overridePlan(readFileSync('plans/demo.yaml', 'utf8'), {
    duration,
    targets: Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url])),
    tokenUrls: { ado: servers.ado.tokenUrl as string },
  });
}
