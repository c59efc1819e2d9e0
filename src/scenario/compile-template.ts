import { PLACEHOLDER } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Random } from '../traffic/random.ts';

/** JSON text with values of feeds put in. */
export type Template = {
  /** True when there is nothing to put in, so that every filling is the same. */
  readonly fixed: boolean;
  readonly fill: (random: Random) => string;
};

/**
 * Serialises a value of the plan ahead: what stays the same is JSON once, and feed values are JSON text already when a
 * placeholder takes one, so that filling only joins strings.
 */
export function compileTemplate(value: unknown, feeds: Plan['feeds']): Template {
  // With a capturing group, split alternates: text, name, text, name, …, text.
  const parts = JSON.stringify(value).split(PLACEHOLDER);
  const [head = '', ...rest] = parts.map((part, index) => (index % 2 === 0 ? part : escapedValues(part, feeds)));
  if (rest.length === 0) return { fixed: true, fill: () => head as string };
  const fill = (random: Random): string => {
    let json = head as string;
    for (const piece of rest) json += typeof piece === 'string' ? piece : piece[Math.floor(random() * piece.length)];
    return json;
  };
  return { fixed: false, fill };
}

/** A feed's values as they stand inside a JSON string. */
function escapedValues(name: string, feeds: Plan['feeds']): readonly string[] {
  const feed = feeds[name];
  if (feed === undefined) throw new Error(`{{${name}}} names no feed of the plan; parsing should have refused it.`);
  return feed.values.map((value) => JSON.stringify(value).slice(1, -1));
}
