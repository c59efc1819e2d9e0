import type { ServerName } from './servers.ts';

/**
 * Latency of one operation in milliseconds: minimum, p50, p75, p90, p95, p98, p99, maximum.
 * The numbers never decrease from left to right.
 */
export type LatencyPercentilesMs = readonly [
  min: number,
  p50: number,
  p75: number,
  p90: number,
  p95: number,
  p98: number,
  p99: number,
  max: number,
];

/**
 * Client-side latencies of four hosted servers, from 2,293 requests by 17 virtual users in 921 seconds.
 * Source: K. Roy, "Load Testing Hosted MCP Servers with Locust and Azure Load Testing", 2026-05-09, the published
 * Azure Load Testing report. Nothing but the figures comes from there.
 */
export const measuredLatencyMs: Readonly<Record<ServerName, Readonly<Record<string, LatencyPercentilesMs>>>> = {
  learn: {
    initialize: [80, 104, 111, 168, 168, 168, 168, 168],
    'notifications/initialized': [34, 50, 52, 80, 80, 80, 80, 80],
    'tools/list': [38, 45, 47, 49, 49, 49, 49, 49],
    'tools/call:microsoft_code_sample_search': [238, 470, 620, 840, 1100, 1400, 1640, 2070],
    'tools/call:microsoft_docs_search': [269, 510, 635, 845, 950, 1350, 1520, 2510],
    DELETE: [25, 103, 108, 203, 203, 203, 203, 203],
  },
  github: {
    initialize: [114, 114, 193, 193, 193, 193, 193, 193],
    'notifications/initialized': [38, 38, 39, 39, 39, 39, 39, 39],
    'tools/list': [65, 65, 66, 66, 66, 66, 66, 66],
    'tools/call:get_file_contents': [410, 650, 720, 900, 940, 960, 990, 990],
    'tools/call:get_me': [148, 173, 189, 195, 202, 273, 273, 273],
    'tools/call:list_issues': [279, 630, 700, 800, 950, 1090, 1090, 1090],
    'tools/call:search_code': [60, 270, 300, 1560, 3070, 3960, 4100, 4100],
    'tools/call:search_repositories': [820, 1120, 1200, 1580, 1650, 1820, 1890, 1890],
    DELETE: [45, 45, 47, 47, 47, 47, 47, 47],
  },
  context7: {
    initialize: [133, 173, 183, 187, 187, 187, 187, 187],
    'notifications/initialized': [8, 9, 9, 9, 9, 9, 9, 9],
    'tools/list': [8, 9, 9, 9, 9, 9, 9, 9],
    'tools/call:query-docs': [340, 1490, 1640, 1800, 1980, 2220, 2340, 3910],
    'tools/call:resolve-library-id': [890, 1140, 1255, 1380, 1520, 2030, 2280, 2420],
  },
  ado: {
    initialize: [276, 330, 370, 370, 370, 370, 370, 370],
    'notifications/initialized': [58, 239, 274, 320, 320, 320, 320, 320],
    'tools/list': [117, 130, 184, 190, 190, 190, 190, 190],
    'tools/call:pipelines_build': [440, 960, 1440, 1560, 1950, 2070, 2730, 2730],
    'tools/call:repo_repository': [360, 520, 900, 1010, 1170, 1380, 1410, 1410],
    'tools/call:search_workitem': [400, 940, 970, 1090, 1430, 1690, 1890, 1900],
    'tools/call:wit_work_item': [370, 465, 905, 1000, 1220, 1430, 1650, 1890],
  },
};

/**
 * Share of `search_code` calls that returned HTTP 200 with a tool error: 3 of 84. They were the only failures of the
 * measured run (same source as {@link measuredLatencyMs}).
 */
export const measuredSearchCodeFailureRate = 3 / 84;

/**
 * The figures for every operation of a server. An operation that was not measured has the figures of a similar one:
 * `server/discover` those of `initialize`, a tool those of the tool in its `latencyOf`.
 *
 * @throws Error for a tool that was not measured and does not name a measured tool.
 */
export function latencyFigures(
  server: ServerName,
  tools: readonly { readonly name: string; readonly latencyOf?: string }[],
): Readonly<Record<string, LatencyPercentilesMs>> {
  const measured = measuredLatencyMs[server];
  const figuresOf = (operation: string): LatencyPercentilesMs => {
    const figures = measured[operation];
    if (figures === undefined) throw new Error(`${server}: no latency was measured for ${operation}`);
    return figures;
  };
  return {
    ...measured,
    'server/discover': figuresOf('initialize'),
    ...Object.fromEntries(
      tools.map(({ name, latencyOf = name }) => [`tools/call:${name}`, figuresOf(`tools/call:${latencyOf}`)]),
    ),
  };
}
