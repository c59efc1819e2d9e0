import { parentPort } from 'node:worker_threads';
import { parsePlan } from '../../plan/parse-plan.ts';

/** The thread that parses large plans. Its answers have the order of the questions. */
parentPort?.on('message', (source: string | Uint8Array) => parentPort?.postMessage(parsePlan(source)));
