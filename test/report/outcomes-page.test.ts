import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { outcomesPage } from '../../scripts/outcomes-page.ts';

it('docs/outcomes.md says what the reports say; `npm run docs` writes it anew', () => {
  assert.equal(readFileSync(new URL('../../docs/outcomes.md', import.meta.url), 'utf8'), outcomesPage());
});
