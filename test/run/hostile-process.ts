import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Hostility, startHostileServer } from '../support/hostile-server.ts';
import type { Owner } from '../support/loopback-server.ts';
import type { HostileResult } from './hostile-run.ts';

/** More memory than this would end a process on an instance with 2 GB that runs several slices. */
export const MAX_RSS_MB = 600;

/** Preflight, four seconds of load, half a second for what is under way, and what a busy machine adds. */
const MAX_SECONDS = 20;

/** A process that loads hostile servers. It must not end before its owner does. */
export type HostileProcess = { load(hostility: Hostility): Promise<HostileResult> };

export async function startHostileProcess(owner: Owner): Promise<HostileProcess> {
  const child = fork(fileURLToPath(new URL('hostile-run.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exit = once(child, 'exit');
  owner.after(async () => {
    if (child.connected) child.disconnect();
    await exit;
  });
  await once(child, 'message');
  return {
    async load(hostility) {
      child.send(await startHostileServer(owner, hostility));
      const answered = once(child, 'message').then(([result]) => result as HostileResult);
      const ended = exit.then(([code, signal]) => assert.fail(`the process ended with ${code ?? signal}`));
      return Promise.race([answered, ended]);
    },
  };
}

/** What the calls or the lists of a server must come to, if they come to anything before their time is over. */
export const OUTCOMES: Readonly<Record<Hostility, RegExp>> = {
  'a reply nested 5,000 deep': /TOOL_ASSERT/,
  'a deep value for a recursive schema': /TOOL_SCHEMA/,
  'a list of 130,000 tools': /PROTO_LIST_ENDLESS/,
  'a list of 99,000 tools': /^$/,
  'a pattern that backtracks for ever': /TOOL_SCHEMA/,
  '2^30 nested alternatives': /TOOL_ASSERT/,
  'a schema that changes with each list': /TOOL_(ASSERT|UNCHECKED)/,
  'replies of 60 MB': /REPLY_TOO_LARGE/,
  'replies of 7 MB of text': /REPLY_UNREADABLE/,
  'replies of 7 MB of empty lists': /REPLY_TOO_LARGE|CLIENT_LIMIT/,
  'errors of 7 MB': /RPC_-32000/,
  'a different error code each time': /RPC_(\d+|OTHER)/,
  'cursors of 5 MB': /PROTO_SHAPE/,
  'a cursor that repeats': /PROTO_LIST_ENDLESS/,
  'a list without end': /PROTO_LIST_ENDLESS/,
  'pings without end': /REPLY_TOO_LARGE/,
  'pings without end on the stream for messages': /^$/,
  'streams that end and ask for no wait': /TMO_TOTAL/,
  'a million comments before the answer': /^$/,
  'comments without end': /REPLY_TOO_LARGE/,
  'an event without end': /REPLY_TOO_LARGE/,
  'a byte at a time': /TOOL_ASSERT/,
  '10,000 headers': /NET_HTTP_PARSE/,
  'interim responses without end': /NET_HTTP_PARSE/,
  'an event that the time limit cuts': /TMO_TOTAL/,
  'a million notifications in one reply': /PROTO_NO_REPLY/,
  'a value to capture that is too large': /TOOL_CAPTURE/,
  'names that are no texts': /PROTO_SHAPE/,
};

/** Checks what came of a run: nothing but the expected outcome and what a time limit ended, in time and within the memory. */
export function checkResult(hostility: Hostility, result: HostileResult): void {
  const { outcomes, problems, seconds, maxRssMb, useful } = result;
  const shown = JSON.stringify(result);
  assert.deepEqual(problems, [], shown);
  const expected = OUTCOMES[hostility];
  const others = Object.keys(outcomes).filter((each) => !/ TMO_(TOTAL|GRACEFUL_STOP)$/.test(each));
  for (const each of others) assert.match(each.replace(/^.* /, ''), expected, shown);
  assert.ok(Object.keys(outcomes).length > 0 || useful > 0, shown);
  assert.ok(seconds < MAX_SECONDS, shown);
  assert.ok(maxRssMb < MAX_RSS_MB, shown);
}
