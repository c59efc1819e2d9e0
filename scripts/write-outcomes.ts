import { writeFileSync } from 'node:fs';
import { outcomesPage } from './outcomes-page.ts';

// `npm run docs` writes the page; a test compares the page with the source.
writeFileSync(new URL('../docs/outcomes.md', import.meta.url), outcomesPage());
