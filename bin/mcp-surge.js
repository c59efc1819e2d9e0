#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A checkout runs its TypeScript as it is; an installed package holds only the bundle.
const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli.js', import.meta.url).href);
