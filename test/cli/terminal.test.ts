import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, it } from 'node:test';
import { WriteStream } from 'node:tty';
import { inkFor } from '../../src/cli/terminal.ts';

const VARIABLES = ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'TERM', 'COLORTERM', 'CI', 'TF_BUILD'] as const;
const RED = '\u001b[31m✗\u001b[39m';

/** A stream that is a terminal, or is not. */
function streamOf(isTTY: boolean): NodeJS.WritableStream {
  return Object.assign(new Writable(), isTTY ? { isTTY, getColorDepth: WriteStream.prototype.getColorDepth } : {});
}

const before = VARIABLES.map((name) => [name, process.env[name]] as const);
beforeEach(() => {
  for (const name of VARIABLES) delete process.env[name];
  process.env.TERM = 'xterm-256color';
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

it('the colours of a stream are on for a terminal and off elsewhere', () => {
  assert.equal(inkFor(streamOf(true)).red('✗'), RED);
  assert.equal(inkFor(streamOf(false)).red('✗'), '✗');
});

it('the colours of a stream are off with NO_COLOR', () => {
  process.env.NO_COLOR = '1';
  assert.equal(inkFor(streamOf(true)).red('✗'), '✗');
});

it('the colours of a stream are on with FORCE_COLOR, even where there is no terminal', () => {
  process.env.FORCE_COLOR = '1';
  assert.equal(inkFor(streamOf(false)).red('✗'), RED);
});
