import { type Block, type CheckCount, type OperationKey, SAMPLE_KIND, wasSent } from '../sample/block.ts';
import { type DeviationCount, mergeDeviations } from '../sample/deviation.ts';
import { type Outcome, type OutcomeClass, outcomeClass } from '../sample/outcome.ts';
import { type Fold, type FoldFrame, firstExample, type PauseFold, phaseOf, type SliceFold } from './fold.ts';
import { IterationFolder, SessionFolder } from './fold-iterations.ts';
import { RequestFolder } from './fold-requests.ts';
import { mergeChecks } from './merge-folds.ts';
import { ascending } from './percentiles.ts';

type OpenPauses = { -readonly [Field in keyof PauseFold]: PauseFold[Field] };

/** Adds up blocks into a Fold; the order of the blocks does not matter. */
export class BlockFolder {
  readonly #frame: FoldFrame;
  readonly #requests: RequestFolder;
  readonly #iterations: IterationFolder;
  readonly #sessions: SessionFolder;
  readonly #pauses = new Map<string, OpenPauses>();
  readonly #connectionPauses = new Map<string, OpenPauses>();
  readonly #vus = new Set<number>();
  #checks: readonly CheckCount[] = [];
  #deviations: readonly DeviationCount[] = [];
  #abortedRequests = 0;
  #limitedRequests = 0;
  #limitedExample = '';
  #samples = 0;

  constructor(frame: FoldFrame) {
    this.#frame = frame;
    this.#requests = new RequestFolder(frame);
    this.#iterations = new IterationFolder(frame);
    this.#sessions = new SessionFolder(frame.runStartMs);
  }

  /** Counts every sample of a block. */
  add(block: Block): void {
    const { kind, outcome, vu } = block.columns;
    const classes = block.outcomes.map(outcomeClass);
    this.#samples += block.count;
    for (let at = 0; at < block.count; at++) {
      const sampleClass = classes[outcome[at] as number] as OutcomeClass;
      switch (kind[at]) {
        case SAMPLE_KIND.request:
          this.#vus.add(vu[at] as number);
          if (sampleClass === 'aborted') this.#limitedRequests++;
          else if (sampleClass === 'censored' && !wasSent(block, at)) this.#abortedRequests++;
          else this.#requests.add(block, at, sampleClass);
          break;
        case SAMPLE_KIND.iteration:
          if (block.outcomes[outcome[at] as number] === 'PLAN_FEED_END') this.#vus.add(vu[at] as number);
          this.#iterations.add(block, at);
          break;
        case SAMPLE_KIND.droppedIteration:
          this.#iterations.addDropped(block, at);
          break;
        case SAMPLE_KIND.blockedCall:
          this.#requests.addBlocked(block, at);
          break;
        case SAMPLE_KIND.session:
          this.#sessions.add(block, at);
          break;
        case SAMPLE_KIND.pause:
          this.#addPause(this.#pauses, block, at);
          break;
        case SAMPLE_KIND.connectionPause:
          this.#addPause(this.#connectionPauses, block, at);
      }
    }
    if (block.deviations !== undefined) this.#deviations = mergeDeviations([...this.#deviations, ...block.deviations]);
    if (block.checks !== undefined) this.#checks = mergeChecks([...this.#checks, ...block.checks]);
    for (const { operation, outcome, message } of block.examples) {
      const code = block.outcomes[outcome] as Outcome;
      if (code === 'CLIENT_LIMIT') this.#limitedExample = firstExample(this.#limitedExample, message);
      this.#requests.addExample(block.operations[operation] as OperationKey, code, message);
    }
  }

  /** The fold of all blocks added. @param slices the slices that the blocks came from */
  finish(slices: readonly SliceFold[]): Fold {
    return {
      intervalMs: this.#frame.intervalMs,
      ...this.#requests.finish(),
      pauses: [...this.#pauses.values()],
      ...(this.#connectionPauses.size === 0 ? {} : { connectionPauses: [...this.#connectionPauses.values()] }),
      ...(this.#checks.length === 0 ? {} : { checks: this.#checks }),
      ...(this.#deviations.length === 0 ? {} : { deviations: this.#deviations }),
      vus: ascending(this.#vus),
      iterations: this.#iterations.finish(),
      sessions: this.#sessions.finish(),
      abortedRequests: this.#abortedRequests,
      limitedRequests: this.#limitedRequests,
      limitedExample: this.#limitedExample,
      samples: this.#samples,
      slices,
    };
  }

  #addPause(all: Map<string, OpenPauses>, { originMs, operations, columns }: Block, at: number): void {
    if (phaseOf(this.#frame, originMs + (columns.startUs[at] as number) / 1000) < this.#frame.warmUpPhases) return;
    const { target } = operations[columns.operation[at] as number] as OperationKey;
    const us = columns.durationUs[at] as number;
    const pauses = all.get(target);
    if (pauses === undefined) {
      all.set(target, { target, count: 1, totalUs: us, maxUs: us });
      return;
    }
    pauses.count++;
    pauses.totalUs += us;
    pauses.maxUs = Math.max(pauses.maxUs, us);
  }
}
