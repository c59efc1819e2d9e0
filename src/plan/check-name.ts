import { shortened } from './problem.ts';
import type { Check } from './step-schema.ts';

/** A check in words; its own keys and values, as the plan has them. */
export function checkName(check: Check): string {
  if ('contains' in check) return `contains "${check.contains}"`;
  if ('matches' in check) return `matches ${new RegExp(check.matches, 'u')}`;
  if ('equals' in check) return `${check.pointer} equals ${JSON.stringify(check.equals)}`;
  if ('schema' in check) return check.pointer === undefined ? 'schema' : `schema of ${check.pointer}`;
  return 'size' in check ? `size ${sizeRange(check.size)} bytes` : 'notEmpty';
}

/** The name that a check has in reports, and in the tag `check` of a threshold. */
export function shortCheckName(check: Check): string {
  return shortened(checkName(check));
}

function sizeRange({ min = 0, max }: Extract<Check, { readonly size: unknown }>['size']): string {
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
