import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { errorTextSentences, softErrorSnippets } from '../../src/report/answers.ts';
import { printable } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { ERROR_TEXTS, softErrorFor } from '../../src/sample/error-text.ts';
import { problemsOf } from '../support/a-plan.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { reportVariants } from '../support/report-variants.ts';

const { lying, empty } = reportVariants();

it('shows an example answer of each operation below the figures of the operations', () => {
  const text = renderText(reportFixture());
  const answers = text.slice(text.indexOf('\nExample answers\n'), text.indexOf('\nSessions\n'));
  assert.equal(
    answers.trim(),
    `Example answers
  The first useful answer of each operation, shortened and without secrets
Operation
learn
  tools/call:microsoft_docs_search
      “{"results":[{"title":"Deploy a function app with Bicep","content":"A function app needs a
      plan, a storage …”
github
  tools/call:search_code
      “{"total_count":12,"items":[{"name":"pool.js"”`,
  );
  const page = renderHtml(reportFixture());
  assert.match(page, /A target can report a failure as an ordinary answer/);
  assert.match(page, /<section id="answers"><h2>Example answers<\/h2>/);
  assert.match(page, /<td><q>\{&quot;total_count&quot;:12,/);
  assert.deepEqual(JSON.parse(renderJson(reportFixture())).exampleAnswers, reportFixture().exampleAnswers);
  assert.doesNotMatch(renderText({ ...empty, exampleAnswers: [] }), /Example answers/);
});

it('warns of answers that read like errors, counts them in the totals, and shows the lines for the plan', () => {
  const text = renderText(lying);
  const totals = text.slice(text.indexOf('\nTotals\n'), text.indexOf('\nOperations\n'));
  assert.match(totals, /\n {2}233 of [\d,]+ useful answers read like an error message; Warnings shows their texts\.\n/);
  const warnings = text.slice(text.indexOf('\nWarnings\n'), text.indexOf('\nTotals\n'));
  assert.match(warnings, /202 {2}TOOL_READS_LIKE_ERROR +context7 +tools\/call:resolve-library-id/);
  assert.match(warnings, /“Error searching libraries: fetch failed”/);
  assert.ok(
    warnings.endsWith(
      `  If these texts of context7 are errors, add this to the target context7 in the plan, so that they
  count as failures:
    softErrors:
      - pattern: '^Error searching libraries: fetch failed'
      - pattern: '^Monthly quota exceeded\\. Create a free API key to'
        outcome: TOOL_QUOTA
`,
    ),
    warnings,
  );
  const page = renderHtml(lying);
  assert.match(page, /<pre><code>softErrors:\n {2}- pattern: &#39;\^Error searching libraries: fetch failed&#39;\n/);
  const [first] = JSON.parse(renderJson(lying)).warnings;
  assert.deepEqual(first.softError, {
    pattern: '^Error searching libraries: fetch failed',
    outcome: 'TOOL_SOFT_ERROR',
  });
});

it('says nothing of error messages when no answer reads like one', () => {
  assert.deepEqual(errorTextSentences(reportFixture()), []);
  assert.deepEqual(softErrorSnippets(reportFixture().warnings), []);
  const once = { ...lying, warnings: lying.warnings.slice(0, 1).map((each) => ({ ...each, count: 1 })) };
  assert.match(errorTextSentences(once)[0] ?? '', /^1 of .* reads like an error message; Warnings shows its text\.$/);
});

it('has lines of YAML that a plan accepts, whose patterns match the texts', () => {
  const group = lying.warnings[0] ?? assert.fail();
  const failure = fc.constantFrom(...ERROR_TEXTS.map(({ example }) => example));
  const rest = fc.string({ unit: 'grapheme', maxLength: 100 });
  fc.assert(
    fc.property(failure, rest, (example, more) => {
      const text = `${example}${more}`;
      const softError = softErrorFor(text);
      if (softError === undefined) return;
      assert.deepEqual(printable(softError), softError, 'a report for people shows the pattern as it is');
      const [snippet] = softErrorSnippets([{ ...group, example: text, softError }]);
      const lines = snippet?.lines ?? assert.fail();
      const { softErrors } = parse(lines.join('\n'));
      assert.deepEqual(problemsOf({ target: { softErrors } }), []);
      assert.equal(softErrors.length, 1);
      assert.match(text, new RegExp(softErrors[0].pattern, 'u'));
      assert.equal(softErrors[0].outcome ?? 'TOOL_SOFT_ERROR', softError.outcome);
    }),
  );
});
