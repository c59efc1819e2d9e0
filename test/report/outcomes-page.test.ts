import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { outcomesPage } from '../../scripts/outcomes-page.ts';

it('keeps docs/outcomes.md the same as the sentences of the reports; `npm run docs` updates it', () => {
  assert.equal(readFileSync(new URL('../../docs/outcomes.md', import.meta.url), 'utf8'), outcomesPage());
});
