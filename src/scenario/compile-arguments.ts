import { frameRequest, type PreparedRequest } from '../mcp/exchange/json-rpc.ts';
import { PLACEHOLDER } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Step } from '../plan/scenario-schema.ts';
import type { Random } from '../traffic/random.ts';

/** Makes the next request of a step; requests without placeholders are the same object every time. */
export type RequestMaker = (random: Random) => PreparedRequest;

/**
 * Serialises a step's call ahead: what stays the same is JSON once, and feed values are JSON text already when a
 * placeholder takes one, so that a call joins strings and serialises nothing.
 */
export function compileArguments(step: Step, feeds: Plan['feeds']): RequestMaker {
  const operation = `tools/call:${step.tool}`;
  const head = `{"name":${JSON.stringify(step.tool)},"arguments":`;
  const json = JSON.stringify(step.arguments);
  // With a capturing group, split alternates: text, name, text, name, …, text.
  const parts = json.split(PLACEHOLDER);
  if (parts.length === 1) {
    const request = frameRequest('tools/call', `${head}${json}}`, operation);
    return () => request;
  }
  const pieces = parts.map((part, index) => (index % 2 === 0 ? part : escapedValues(part, feeds)));
  return (random) => {
    let params = head;
    for (const piece of pieces)
      params += typeof piece === 'string' ? piece : piece[Math.floor(random() * piece.length)];
    return frameRequest('tools/call', `${params}}`, operation);
  };
}

/** A feed's values as they stand inside a JSON string. */
function escapedValues(name: string, feeds: Plan['feeds']): readonly string[] {
  const feed = feeds[name];
  if (feed === undefined) throw new Error(`{{${name}}} names no feed of the plan; parsing should have refused it.`);
  return feed.values.map((value) => JSON.stringify(value).slice(1, -1));
}
