import type { GeneratorHealth, SliceCause, Unaccounted } from '../summary/generator-health.ts';

type Slices = GeneratorHealth['slices'];

const HOW_TO_BEGIN_IN_TIME =
  'raise SURGE_START_DELAY_SECONDS, SURGE_MAXIMUM_INSTANCES or maxConcurrentActivityFunctions (host.json), or use fewer lanes with a higher SURGE_VUS_PER_LANE or SURGE_RATE_PER_LANE';

/** Why slices are lost or partial, and how to fix it, for each cause a part of a sentence; without a full stop, like all details. */
export function lossDetails({ causes = [], instancesSeen = 0 }: Slices): readonly string[] {
  const count = (wanted: SliceCause) => causes.find(({ cause }) => cause === wanted)?.slices ?? 0;
  const part = (slices: number, of: (counted: string, was: string) => string) =>
    slices === 0 ? [] : [of(slices === 1 ? '1 slice' : `${slices} slices`, slices === 1 ? 'was' : 'were')];
  return [
    ...part(count('died'), (slices) => `${slices} died: the process gave no further sign of life`),
    ...part(count('failed'), (slices) => `${slices} failed in mcp-surge, see the faults of the run`),
    ...part(count('never begun') + count('too late'), (slices) => {
      const seen = instancesSeen === 1 ? '1 instance was seen' : `${instancesSeen} instances were seen`;
      return `${slices} found no free instance in time (${seen}): ${HOW_TO_BEGIN_IN_TIME}`;
    }),
    ...part(count('store away'), (slices) => `${slices} could not begin because the store could not be reached`),
    ...part(count('refused'), (slices, was) => `${slices} ${was} refused by the app, see the faults of the run`),
    ...part(count('run over'), (slices, was) => `${slices} ${was} not begun because the orchestration was over`),
  ];
}

const SHORT_CAUSES: Readonly<Record<SliceCause, string>> = {
  died: 'died',
  failed: 'failed in mcp-surge',
  'never begun': 'found no free instance',
  'too late': 'found an instance too late',
  'store away': 'could not reach the store',
  refused: 'refused by the app',
  'run over': 'came after the orchestration was over',
};

/** Why slices are lost or partial, in short: `1 died`. */
export function lossWords({ causes = [] }: Slices): readonly string[] {
  return causes.map(({ cause, slices }) => `${slices} ${SHORT_CAUSES[cause]}`);
}

/** How many requests are in no figure: `about 90 and at most 1040`, or `unknown`. */
export function unaccountedCount({ estimate, atMost }: Unaccounted, format: (count: number) => string): string {
  if (estimate === null || atMost === null) return 'unknown';
  return `${estimate === atMost ? '' : `about ${format(estimate)} and `}at most ${format(atMost)}`;
}

/** The same as a sentence without its full stop: `about 90 and at most 1040 requests of 1 slice are in no figure`. */
export function unaccountedWords(unaccounted: Unaccounted, format: (count: number) => string = String): string {
  const { atMost, slices } = unaccounted;
  const whose = slices === 1 ? '1 slice' : `${format(slices)} slices`;
  if (atMost === null) return `an unknown number of requests of ${whose} are in no figure`;
  const [requests, are] = atMost === 1 ? ['request', 'is'] : ['requests', 'are'];
  return `${unaccountedCount(unaccounted, format)} ${requests} of ${whose} ${are} in no figure`;
}
