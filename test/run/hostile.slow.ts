import { after, it } from 'node:test';
import { HOSTILITIES } from '../support/hostile-server.ts';
import { checkResult, startHostileProcess } from './hostile-process.ts';

const rows: string[] = [];
after(() => console.log(['outcomes, seconds, longest stall, peak memory', ...rows].join('\n')));

for (const hostility of HOSTILITIES) {
  it(`survives a server with ${hostility}, with 20 virtual users`, async (t) => {
    const result = await (await startHostileProcess(t)).load(hostility);
    const { outcomes, seconds, maxStallMs, maxRssMb } = result;
    const kinds = [...new Set(Object.keys(outcomes).map((each) => each.replace(/^.* /, '')))].slice(0, 4).join(' ');
    rows.push(
      `${hostility}: ${kinds || 'OK'}, ${seconds.toFixed(1)} s, ${maxStallMs.toFixed(0)} ms, ${maxRssMb.toFixed(0)} MB`,
    );
    checkResult(hostility, result);
  });
}
