import { writeFileSync } from 'node:fs';
import { outcomesPage } from './outcomes-page.ts';

// `npm run docs` writes the page anew; a test compares it with what this makes.
writeFileSync(new URL('../docs/outcomes.md', import.meta.url), outcomesPage());
