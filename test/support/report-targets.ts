import type { ReportTarget } from '../../src/report/report.ts';

/** The hosted servers of the report fixture, as preflight finds them. */
export const reportTargets: readonly ReportTarget[] = [
  {
    name: 'learn',
    url: 'https://learn.microsoft.com/api/mcp',
    protocolVersion: '2025-06-18',
    server: 'Microsoft Learn MCP Server 1.0.0',
    session: 'stateful',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'github',
    url: 'https://api.githubcopilot.com/mcp/',
    protocolVersion: '2025-11-25',
    server: 'github-mcp-server 0.31.0',
    session: 'stateful',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'context7',
    url: 'https://mcp.context7.com/mcp',
    protocolVersion: '2025-11-25',
    server: 'Context7 2.1.1',
    session: 'stateless',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'ado',
    url: 'https://mcp.dev.azure.com/contoso',
    protocolVersion: '2025-06-18',
    server: '',
    session: 'stateless',
    capabilities: ['tools'],
    notes: [],
  },
];
