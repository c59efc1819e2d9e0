import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemText } from '../../src/plan/problem.ts';
import { checkSteps } from '../../src/run/check-steps.ts';
import type { TargetLists } from '../../src/run/target-lists.ts';
import { aPlan } from '../support/a-plan.ts';

const LISTS: TargetLists = {
  prompts: {
    items: new Map([
      [
        'brief',
        [
          { name: 'language', required: true },
          { name: 'tone', required: false },
        ],
      ],
      ['plain', []],
    ]),
  },
  resources: { items: new Set(['file:///notes.txt', 'file:///todo.txt']) },
  templates: { items: ['repo://{owner}/issues/{number}', 'demo://text/{id}', 'search://all{?q,lang*}'] },
};

/** Problems and warnings, a sentence each; paths begin at the step. */
type Findings = { readonly problems: readonly string[]; readonly warnings: readonly string[] };

/** What preflight finds in one step. */
function findingsOf(step: object, lists: Partial<TargetLists> = {}): Findings {
  const plan = aPlan({ scenario: { steps: [step] }, plan: { feeds: { ids: { values: ['1', '2'] } } } });
  const facts = { protocolVersion: '2025-11-25', server: 'fake 1', session: 'stateless' } as const;
  const opened = { facts, tools: [], capabilities: ['resources', 'prompts', 'completions'] };
  const { problems, warnings } = checkSteps(plan, 'web', opened, { ...LISTS, ...lists });
  const short = (texts: readonly string[]) => texts.map((text) => text.replace('scenarios.calls.steps[0].', ''));
  return { problems: short(problems.map(problemText)), warnings: short(warnings) };
}

type Case = readonly [what: string, step: object, found: Partial<Findings>, lists?: Partial<TargetLists>];

function table(cases: readonly Case[]): void {
  for (const [what, step, found, lists] of cases) {
    it(what, () => assert.deepEqual(findingsOf(step, lists), { problems: [], warnings: [], ...found }));
  }
}

const failed = { failure: 'prompts/list ended in RPC_-32603 (out of order)' };

describe('a prompt', () => {
  const brief = (given: object) => ({ prompt: 'brief', arguments: given });
  table([
    ['is listed and has its arguments', brief({ language: '{{ids}}', tone: 'dry' }), {}],
    ['is misspelt', { prompt: 'breif' }, { problems: ['prompt: web has no prompt "breif": did you mean "brief"?'] }],
    [
      'is unknown',
      { prompt: 'summary' },
      { problems: ['prompt: web has no prompt "summary": expected one of brief, plain.'] },
    ],
    [
      'lacks a required argument and has an unlisted one',
      brief({ tnoe: 'dry' }),
      {
        problems: [
          'arguments.language: missing; prompt "brief" of web requires it: add it. To send these arguments anyway, set validateArguments: false in this step.',
        ],
        warnings: [
          'arguments.tnoe: prompt "brief" of web does not list this argument and may ignore it: did you mean "tone"?',
        ],
      },
    ],
    ['is to get wrong arguments', { ...brief({ tnoe: 'dry' }), validateArguments: false }, {}],
    [
      'is unknown, whatever its arguments',
      { prompt: 'summary', validateArguments: false },
      { problems: ['prompt: web has no prompt "summary": expected one of brief, plain.'] },
    ],
    ['has names with placeholders', brief({ '{{ids}}': 'x' }), {}],
    [
      'cannot be checked because the list failed',
      brief({}),
      { warnings: [`prompt: the name and its arguments were not checked, because ${failed.failure}.`] },
      { prompts: failed },
    ],
  ]);
});

describe('a resource', () => {
  const unlisted = (uri: string, meant: string) =>
    `resource: web lists neither "${uri}" nor a template for it${meant} Check the URI; the run goes on, because a server may have resources that it does not list.`;
  table([
    ['is listed', { resource: 'file:///notes.txt' }, {}],
    ['matches a template', { resource: 'repo://octo/issues/7' }, {}],
    ['matches a template with a query', { resource: 'search://all?q=x&lang=de' }, {}],
    ['matches a template whatever its placeholder becomes', { resource: 'demo://text/{{ids}}' }, {}],
    ['is the value of a placeholder', { resource: '{{ids}}' }, {}],
    [
      'is misspelt',
      { resource: 'file:///note.txt' },
      { warnings: [unlisted('file:///note.txt', ': did you mean "file:///notes.txt"?')] },
    ],
    [
      'lacks a fixed part of the template',
      { resource: 'repo://octo/pulls/7' },
      { warnings: [unlisted('repo://octo/pulls/7', '.')] },
    ],
    [
      'can match no template, whatever its placeholder becomes',
      { resource: 'demo://image/{{ids}}' },
      { warnings: [unlisted('demo://image/{{ids}}', '.')] },
    ],
    [
      'is in the list that could be read',
      { resource: 'file:///notes.txt' },
      {},
      { templates: { failure: 'resources/templates/list ended in RPC_-32601' } },
    ],
    [
      'may be in the list that could not be read',
      { resource: 'a:b' },
      { warnings: ['resource: "a:b" was not checked, because resources/templates/list ended in RPC_-32601.'] },
      { templates: { failure: 'resources/templates/list ended in RPC_-32601' } },
    ],
  ]);
});

describe('a completion', () => {
  const complete = (ref: object, name: string, context?: object) => ({
    complete: { ...ref, argument: { name, value: '' }, ...(context === undefined ? {} : { context }) },
  });
  table([
    ['refers to a listed prompt', complete({ prompt: 'brief' }, 'language', { tone: 'dry' }), {}],
    ['refers to a listed template', complete({ resource: 'demo://text/{id}' }, 'id'), {}],
    ['refers to variables with operators', complete({ resource: 'search://all{?q,lang*}' }, 'lang', { q: 'x' }), {}],
    [
      'refers to an unknown prompt',
      complete({ prompt: 'brif' }, 'language'),
      { problems: ['complete.prompt: web has no prompt "brif": did you mean "brief"?'] },
    ],
    [
      'refers to unlisted arguments of a prompt',
      complete({ prompt: 'brief' }, 'langauge', { ton: 'dry' }),
      {
        warnings: [
          'complete.argument.name: prompt "brief" of web does not list this argument and may ignore it: did you mean "language"?',
          'complete.context.ton: prompt "brief" of web does not list this argument and may ignore it: did you mean "tone"?',
        ],
      },
    ],
    [
      'refers to an unlisted template and to a variable that the template does not have',
      complete({ resource: 'demo://txt/{id}' }, 'idd'),
      {
        warnings: [
          'complete.resource: web does not list this template: did you mean "demo://text/{id}"?',
          'complete.argument.name: the template "demo://txt/{id}" has no such variable: did you mean "id"?',
        ],
      },
    ],
    [
      'refers to a prompt of a server that offers no prompts',
      complete({ prompt: 'brief' }, 'language'),
      {
        warnings: [
          'complete.prompt: was not checked, because web offers completions but no prompts: is it the right server?',
        ],
      },
      { prompts: undefined },
    ],
    [
      'cannot be checked because the lists failed',
      complete({ prompt: 'brief' }, 'language'),
      { warnings: [`complete.prompt: the name was not checked, because ${failed.failure}.`] },
      { prompts: failed },
    ],
  ]);
});
