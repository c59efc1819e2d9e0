import { z } from 'zod';
import { defineTool } from './tool.ts';

const owner = z.string().min(1).describe('Account or organization that owns the repository');
const repo = z.string().min(1).describe('Name of the repository');
const perPage = z.number().int().min(1).max(30).optional().describe('Results per page; default: 5');

/** The tools of the github server. Some were not measured; they make the tool list longer than one page. */
export const githubTools = [
  defineTool({
    name: 'search_code',
    description: 'Searches code across repositories and returns the files that match.',
    input: z.object({ query: z.string().min(1).describe('Search expression'), perPage }),
    answer: ({ query, perPage: count = 5 }, prose) =>
      JSON.stringify({
        total_count: prose.number(count, 4000),
        items: Array.from({ length: count }, () => ({
          path: `src/${prose.name()}.ts`,
          sha: prose.hex(40),
          repository: `${prose.name()}/${prose.name()}`,
          fragment: `// ${query}\n// ${prose.sentence()}`,
        })),
      }),
  }),
  defineTool({
    name: 'search_repositories',
    description: 'Searches repositories by name, description and topic.',
    input: z.object({ query: z.string().min(1).describe('Search expression'), perPage }),
    answer: ({ query, perPage: count = 5 }, prose) =>
      JSON.stringify({
        total_count: prose.number(count, 900),
        items: Array.from({ length: count }, () => ({
          full_name: `${prose.name()}/${prose.name()}`,
          description: `${query}: ${prose.sentence()}`,
          stargazers_count: prose.number(0, 20_000),
          pushed_on: prose.day(),
        })),
      }),
  }),
  defineTool({
    name: 'get_file_contents',
    description: 'Reads a file, or lists a folder, of a repository.',
    input: z.object({
      owner,
      repo,
      path: z.string().optional().describe('Path in the repository; default: the root'),
      ref: z.string().optional().describe('Branch, tag or commit'),
    }),
    answer: ({ owner: account, repo: repository, path = 'README.md', ref = 'main' }, prose) =>
      `# ${account}/${repository}/${path} at ${ref}\n\n${prose.paragraph(8)}\n\n${prose.paragraph(6)}\n`,
  }),
  defineTool({
    name: 'get_me',
    description: 'Returns the account that the token belongs to.',
    input: z.object({}),
    answer: (_args, prose) => JSON.stringify({ login: prose.name(), id: prose.number(1000, 999_999), type: 'User' }),
  }),
  defineTool({
    name: 'list_issues',
    description: 'Lists the issues of a repository, newest first.',
    input: z.object({
      owner,
      repo,
      state: z.enum(['OPEN', 'CLOSED']).optional().describe('State of the issues; default: both states'),
      perPage,
    }),
    answer: ({ owner: account, repo: repository, state, perPage: count = 5 }, prose) =>
      JSON.stringify({
        repository: `${account}/${repository}`,
        issues: Array.from({ length: count }, () => ({
          number: prose.number(1, 4000),
          state: state ?? prose.pick(['OPEN', 'CLOSED']),
          title: prose.sentence(),
          body: prose.paragraph(2),
          created_on: prose.day(),
        })),
      }),
  }),
  defineTool({
    name: 'issue_read',
    description: 'Reads one issue with its text and labels.',
    latencyOf: 'list_issues',
    input: z.object({ owner, repo, issue_number: z.number().int().positive().describe('Number of the issue') }),
    answer: ({ owner: account, repo: repository, issue_number: number }, prose) =>
      JSON.stringify({
        repository: `${account}/${repository}`,
        number,
        title: prose.sentence(),
        body: prose.paragraph(4),
        labels: [prose.pick(['bug', 'question', 'performance'])],
      }),
  }),
  defineTool({
    name: 'list_branches',
    description: 'Lists the branches of a repository.',
    latencyOf: 'get_file_contents',
    input: z.object({ owner, repo }),
    answer: (_args, prose) =>
      JSON.stringify(Array.from({ length: 6 }, () => ({ name: prose.name(), sha: prose.hex(40) }))),
  }),
  defineTool({
    name: 'list_commits',
    description: 'Lists the latest commits of a branch.',
    latencyOf: 'get_file_contents',
    input: z.object({ owner, repo, sha: z.string().optional().describe('Branch, tag or commit to start from') }),
    answer: (_args, prose) =>
      JSON.stringify(
        Array.from({ length: 8 }, () => ({ sha: prose.hex(40), message: prose.sentence(), date: prose.day() })),
      ),
  }),
  defineTool({
    name: 'create_issue',
    description: 'Opens an issue. This server stores nothing and only returns a made-up answer.',
    readOnly: false,
    latencyOf: 'list_issues',
    input: z.object({
      owner,
      repo,
      title: z.string().min(1).describe('Title of the issue'),
      body: z.string().optional(),
    }),
    answer: ({ owner: account, repo: repository, title }, prose) =>
      JSON.stringify({ repository: `${account}/${repository}`, number: prose.number(1, 4000), title, state: 'OPEN' }),
  }),
];
