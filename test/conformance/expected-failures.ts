import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isScalar, isSeq, parseDocument } from 'yaml';

export const EXPECTED_FAILURES_FILE = fileURLToPath(new URL('expected-failures.yml', import.meta.url));

/**
 * Reads the scenarios that are expected to fail. The reason of each is the comment behind it.
 * @param text in the format of the suite
 * @throws when an entry has no reason
 */
export function readExpectedFailures(text = readFileSync(EXPECTED_FAILURES_FILE, 'utf8')): ReadonlyMap<string, string> {
  const entries = parseDocument(text).get('client');
  if (!isSeq(entries)) throw new Error('expected a list "client"');
  return new Map(
    entries.items.map((item): [string, string] => {
      const reason = isScalar(item) ? item.comment?.trim() : undefined;
      if (!reason) throw new Error(`${String(item)}: expected the reason behind it, as a comment`);
      return [String(item), reason];
    }),
  );
}

const NO_SKILLS = 'a load client hosts no skills: it neither lists them nor reads their files';

/** Scenarios that test what our client does not do, so that nothing in them can fail; with the reason. */
export const NOT_EXERCISED: ReadonlyMap<string, string> = new Map([
  ['sep-2640-client-no-prefetch', NO_SKILLS],
  ['sep-2640-client-verify-digest', NO_SKILLS],
  ['sep-2640-client-verify-size', NO_SKILLS],
  ['sep-2640-client-verify-frontmatter', NO_SKILLS],
]);
