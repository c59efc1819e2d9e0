import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { adoTools } from '../../fleet/tools/ado-tools.ts';
import { context7Tools, learnTools } from '../../fleet/tools/documentation-tools.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';
import { seededProse } from '../../fleet/tools/prose.ts';
import {
  ERROR_TEXTS,
  READ_CHARACTERS,
  readsLikeError,
  SHORT_CHARACTERS,
  softErrorFor,
} from '../../src/sample/error-text.ts';

/** What tools say when they fail without `isError: true`. */
const FAILURES = [
  'Error: Either file_path or file_url must be provided.',
  'ERROR: [Errno 2] No such file or directory',
  '**Error:** the index is not ready',
  '[ERROR] cannot open the database',
  '❌ Error: no such user',
  'Error 404: no page with this id',
  'API error (503): try again',
  'Internal server error: worker exited',
  'Error fetching library documentation: 429',
  '{"error": {"code": 500, "message": "boom"}}',
  '{\n  "success": false,\n  "error": "Task with ID 7 not found"\n}',
  '{"errors":[{"message":"Cannot query field","path":["a"]}]}',
  '{"message":"Internal server error"}',
  '{"status":"error","message":"no index"}',
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code></Error>',
  '<!DOCTYPE html>\n<html><head>\n<title>503 - Service Unavailable</title></head></html>',
  'java.lang.IllegalStateException: pool is closed',
  'Error executing tool search_docs',
  'An unexpected error has occurred while we searched.',
  'There was an internal error.',
  'Something went wrong. Please try again.',
  'Failed: timeout',
  'Unable to connect to the server',
  "I'm sorry, but something went wrong",
  "Couldn't retrieve the page",
  'Cannot GET /api/search',
  'fetch failed',
  'The request timed out.',
  'Connection refused',
  'getaddrinfo ENOTFOUND api.internal',
  'socket hang up',
  'timeout of 5000ms exceeded',
  'HTTP 500',
  'HTTP/1.1 502 Bad Gateway',
  'Status code: 403 Forbidden',
  '404 page not found',
  'Unauthorized',
  'Service is temporarily unavailable, please retry',
  'API key not configured',
  'Permission denied',
  'You must be logged in to use this tool.',
  'Missing required parameter: query',
  'The library you are trying to access does not exist. Please try with a different library ID.',
  'Rate limit exceeded. Retry in 60 s',
  'Your monthly quota has been exhausted',
  'You have exceeded your free requests for today',
  'Insufficient credits',
] as const;

/** Answers about errors and other answers, some of which begin like a failure. */
const ANSWERS = [
  '',
  'No results found.',
  'Not found.',
  '{"error":null,"results":[1]}',
  '{"errors":[],"ok":true}',
  '{"error":"","text":"fine"}',
  '{"error":false,"data":{}}',
  '{"success":true,"error":"none"}',
  '{"errors":[{"line":3,"rule":"no-var"}]}',
  '{"status":"failed","build":17}',
  '# Error: cause\n\nThe cause of an error is a property of it.',
  '## Error handling\n\nExpress catches errors that occur in route handlers.',
  'Error handling in Express: errors that occur in route handlers need no extra work.',
  'Error codes: E1 means that the disk is full.',
  'Errors are instances of Error: they have a message and a stack.',
  'Error boundaries are components that catch errors of their children.',
  'Error reporting: turn it on in the settings of the project.',
  'Errors: 0, warnings: 3',
  'error_log: path of the log file. Default: stderr',
  'Error::new builds an error from any payload.',
  '- Title: Error: stack\n- Description: where the error was made',
  '1. TypeError: x is not a function (Stack Overflow)',
  '* Failed to fetch: a common message of browsers',
  'Title: Failed to fetch in JavaScript\nURL: https://docs.example/a',
  `Failed to fetch is what browsers say when a request does not reach its server. ${'More about it follows. '.repeat(20)}`,
  `TypeError: x is not a function\n\n${'The exception is thrown when a value is called that is not a function. '.repeat(6)}`,
  `An error occurred in 1996 on the first flight. ${'The inquiry board found its cause in the software. '.repeat(6)}`,
  'Build failed: 3 of 400 tests failed.',
  'Deployment failed at 10:32, and the previous version was restored.',
  'Failures are listed below.',
  'Failed logins: 3',
  'Could not be better, said the critic.',
  'Requests can be sent in parallel.',
  'Request timeouts are set with `timeout`.',
  'Quota: 1000 requests a day, of which 12 are used.',
  'Rate limits protect the API. The limit is 60 requests a minute.',
  'You have 3 unread messages.',
  'Access tokens expire after an hour.',
  'API keys are created in the settings.',
  'HTTP 404 means that there is no such page.',
  '404 results for "undici"',
  '500 items were moved.',
  'Unauthorized access is logged for a year.',
  'Forbidden City: a palace in Beijing',
  'The service is deployed in two regions.',
  'Invalid dates are shown in red.',
  'Sorry is a song of 2015.',
  'Oops is a function of the language R.',
  'Exception handling: catch what you can handle.',
  '<html><head><title>Error handling</title></head></html>',
  '<errors-page>',
  'Traceback functions are in the module `traceback`.',
] as const;

describe('texts that read like an error', () => {
  it('include what tools say when they fail', () => {
    assert.deepEqual(
      FAILURES.filter((text) => !readsLikeError(text)),
      [],
    );
  });

  it('do not include answers, even if they are about errors', () => {
    assert.deepEqual(
      ANSWERS.filter((text) => readsLikeError(text)),
      [],
    );
  });

  it('include the example of each pattern, and by no earlier pattern', () => {
    for (const [index, { says, pattern, example }] of ERROR_TEXTS.entries()) {
      assert.ok(readsLikeError(example), says);
      const first = ERROR_TEXTS.findIndex((each) => new RegExp(`^(?:${each.pattern})`, 'iu').test(example));
      assert.equal(first, index, `${example} matches ${ERROR_TEXTS[first]?.says} before ${says}: ${pattern}`);
    }
  });

  it('do not include the answers of the reference fleet', () => {
    const args = {
      query: 'error handling',
      libraryName: 'Error',
      libraryId: '/a/error',
      owner: 'a',
      repo: 'b',
      path: 'c',
    };
    const tools = [...learnTools, ...context7Tools, ...githubTools, ...adoTools];
    const texts = tools.flatMap((tool) => {
      return Array.from({ length: 50 }, (_, seed) => tool.answer(args, seededProse(seed, tool.name)));
    });
    assert.ok(texts.length > 200);
    assert.deepEqual(
      texts.filter((text) => readsLikeError(text)),
      [],
    );
  });

  it('do not include the paragraphs of the documentation of this project', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'docs/protocol.md', 'docs/plans.md', 'docs/performance.md'];
    for (const page of pages) {
      const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
      const paragraphs = text.split(/\n\s*\n/);
      assert.ok(paragraphs.length > 10, page);
      assert.deepEqual(
        [text, ...paragraphs].filter((each) => readsLikeError(each)),
        [],
      );
    }
  });

  it('are recognised after white space, quotes, emphasis and warning signs, and in any case', () => {
    const lead = fc.constantFrom('', ' ', '\n\n', '"', '**', '[', '❌ ', '⚠️ ', '> ', '🚫 ');
    const cased = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toUpperCase(),
      (text: string) => text.toLowerCase(),
    );
    fc.assert(
      fc.property(
        lead,
        fc.constantFrom(...FAILURES.slice(0, 2), 'fetch failed', 'HTTP 500'),
        cased,
        (before, text, of) => readsLikeError(before + of(text)),
      ),
    );
  });

  it('are not recognised behind other words', () => {
    const word = fc.stringMatching(/^[bd-gj-z]{3,8} [bd-gj-z]{3,8} [bd-gj-z]{3,8}[.:]$/);
    fc.assert(fc.property(word, fc.constantFrom(...FAILURES), (words, text) => !readsLikeError(`${words} ${text}`)));
  });

  it('are recognised in the first characters of a text, whatever its length', () => {
    const long = `Error: ${'x'.repeat(10_000_000)}`;
    assert.ok(readsLikeError(long));
    assert.ok(!readsLikeError(`${' '.repeat(READ_CHARACTERS)}Error: late`));
    const short = 'fetch failed '.padEnd(SHORT_CHARACTERS - 1, '.');
    assert.ok(readsLikeError(`${short}!`));
    assert.ok(readsLikeError(`\n${short}!\n`));
    assert.ok(!readsLikeError(`${short}.!`));
  });

  it('have patterns without an unlimited repetition, so that no text makes them slow', () => {
    for (const { says, pattern } of ERROR_TEXTS) {
      const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[\^?[^\]]*\]/g, 'x');
      assert.doesNotMatch(bare, /[*+]|\{\d+,\}/, says);
    }
  });
});

describe('the soft error for a text', () => {
  const patterns = (texts: readonly string[]) => texts.map((text) => softErrorFor(text)?.pattern);

  it('repeats its first words', () => {
    assert.deepEqual(softErrorFor('Error searching libraries: fetch failed'), {
      pattern: '^Error searching libraries: fetch failed',
      outcome: 'TOOL_SOFT_ERROR',
    });
    assert.deepEqual(softErrorFor('Monthly quota exceeded. Create a free API key to continue.'), {
      pattern: '^Monthly quota exceeded\\. Create a free API key to',
      outcome: 'TOOL_QUOTA',
    });
  });

  it('leaves out what differs from text to text', () => {
    assert.deepEqual(
      patterns([
        "Failed to open 'a.txt': no such file",
        'Error fetching page https://docs.example/a?b=1: 404',
        'MCP error -32602: no tool 7',
        'Error: [redacted] was refused',
        'Error:\n  the rest',
        '{"error":"The service did not answer"}',
        '{\n  "error": {\n    "code": 5 } }',
        '<html>\n<head><title>503 Service Unavailable</title>',
        '<?xml version="1.0"?><Error><Code>SlowDown</Code>',
      ]),
      [
        '^Failed to open',
        '^Error fetching page',
        '^MCP error -\\d+: no tool \\d+',
        '^Error:',
        '^Error:',
        '^\\{"error":"',
        '^\\{\\s*"error": \\{',
        '<title>\\d+ Service Unavailable',
        '<Error>',
      ],
    );
  });

  it('is missing for a text that does not read like an error', () => {
    assert.deepEqual(
      ANSWERS.filter((text) => text.length <= SHORT_CHARACTERS && softErrorFor(text) !== undefined),
      [],
    );
  });

  it('matches the text, also after its end was cut off', () => {
    const lead = fc.constantFrom('', ' ', '\n', '**', '❌ ');
    const rest = fc.string({ unit: 'grapheme', maxLength: 400 });
    fc.assert(
      fc.property(lead, fc.constantFrom(...FAILURES), rest, (before, failure, after) => {
        const text = before + failure + after;
        const entry = softErrorFor(text.slice(0, SHORT_CHARACTERS));
        return entry === undefined || new RegExp(entry.pattern, 'u').test(text);
      }),
    );
    assert.deepEqual(
      FAILURES.filter((text) => softErrorFor(text) === undefined),
      [],
    );
  });
});
