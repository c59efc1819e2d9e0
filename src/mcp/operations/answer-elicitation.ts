import { isRecord } from './is-record.ts';

type Value = string | number | boolean | readonly string[];

/** What a user answers to a form (MCP 2025-06-18, "Elicitation"). */
export type ElicitationAnswer =
  | { readonly action: 'accept'; readonly content: Readonly<Record<string, Value>> }
  | { readonly action: 'decline' };

/**
 * Answers elicitation/create, of either era, as a user who accepts a form as it comes: with the defaults of its schema
 * (SEP-1034), leaving out optional fields that have none. A form with a required field that has no default is declined.
 * @returns undefined when the params are no form: a mode that was not declared (`url`), or no schema
 */
export function answerElicitation(params: unknown): ElicitationAnswer | undefined {
  if (!isRecord(params) || (params.mode ?? 'form') !== 'form') return undefined;
  const { requestedSchema } = params;
  if (!isRecord(requestedSchema) || !isRecord(requestedSchema.properties)) return undefined;
  const { properties, required } = requestedSchema;
  const defaults = Object.entries(properties).flatMap(([name, field]): [string, Value][] => {
    const value = isRecord(field) ? field.default : undefined;
    return isValue(value) ? [[name, value]] : [];
  });
  const content = Object.fromEntries(defaults);
  const lacking = Array.isArray(required) && required.some((name) => !Object.hasOwn(content, name));
  return lacking ? { action: 'decline' } : { action: 'accept', content };
}

function isValue(value: unknown): value is Value {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value);
}
