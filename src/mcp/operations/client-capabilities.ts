import type { Target } from '../../plan/target-schema.ts';

/**
 * The capabilities to declare to a server. Sampling and roots are never among them: behind a load client there is neither
 * a model nor a file system.
 */
export function clientCapabilities(elicitation: Target['elicitation']): object {
  return elicitation === 'none' ? {} : { elicitation: { form: {} } };
}
