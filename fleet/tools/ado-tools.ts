import { z } from 'zod';
import { defineTool } from './tool.ts';

const project = z.string().min(1).describe('Name of the project');

/** The tools of the ado server. They read work items, repositories and builds; most have several actions. */
export const adoTools = [
  defineTool({
    name: 'wit_work_item',
    description: 'Reads work items: one by its id, or those assigned to the caller.',
    input: z.object({
      action: z.enum(['get', 'my', 'list_comments']).describe('What to read'),
      project: project.optional(),
      id: z.number().int().positive().optional().describe('Id of the work item, for get and list_comments'),
    }),
    answer: ({ action, project: projectName = 'surge', id }, prose) =>
      JSON.stringify({
        action,
        project: projectName,
        workItems: Array.from({ length: action === 'get' ? 1 : 6 }, () => ({
          id: id ?? prose.number(1000, 9999),
          type: prose.pick(['Bug', 'Task', 'User Story']),
          state: prose.pick(['New', 'Active', 'Resolved']),
          title: prose.sentence(),
          description: prose.paragraph(3),
          changedOn: prose.day(),
        })),
      }),
  }),
  defineTool({
    name: 'search_workitem',
    description: 'Searches work items by text, newest first.',
    input: z.object({
      searchText: z.string().min(1).describe('Words to look for'),
      project: z.array(z.string().min(1)).optional().describe('Only these projects'),
      top: z.number().int().min(1).max(50).optional().describe('Maximum number of results; default: 10'),
    }),
    answer: ({ searchText, project: projects = ['surge'], top = 10 }, prose) =>
      JSON.stringify({
        count: top,
        results: Array.from({ length: Math.min(top, 20) }, () => ({
          project: prose.pick(projects),
          id: prose.number(1000, 9999),
          title: `${searchText}: ${prose.sentence()}`,
          state: prose.pick(['New', 'Active', 'Closed']),
        })),
      }),
  }),
  defineTool({
    name: 'repo_repository',
    description: 'Reads repositories: all of a project, or one with its branches.',
    input: z.object({
      action: z.enum(['list', 'get']).describe('What to read'),
      project: project.optional(),
      repositoryId: z.string().min(1).optional().describe('Name or id of the repository, for get'),
    }),
    answer: ({ action, project: projectName = 'surge', repositoryId }, prose) =>
      JSON.stringify({
        action,
        repositories: Array.from({ length: action === 'get' ? 1 : 8 }, () => ({
          name: repositoryId ?? prose.name(),
          project: projectName,
          defaultBranch: 'refs/heads/main',
          lastCommit: prose.hex(40),
          sizeBytes: prose.number(10_000, 90_000_000),
        })),
      }),
  }),
  defineTool({
    name: 'pipelines_build',
    description: 'Reads builds: the latest of a project, or the state of one.',
    input: z.object({
      action: z.enum(['list', 'get_status']).describe('What to read'),
      project: project.optional(),
      buildId: z.number().int().positive().optional().describe('Id of the build, for get_status'),
    }),
    answer: ({ action, project: projectName = 'surge', buildId }, prose) =>
      JSON.stringify({
        action,
        project: projectName,
        builds: Array.from({ length: action === 'get_status' ? 1 : 10 }, () => ({
          id: buildId ?? prose.number(20_000, 99_999),
          definition: prose.name(),
          result: prose.pick(['succeeded', 'succeeded', 'succeeded', 'failed']),
          sourceVersion: prose.hex(40),
          finishedOn: prose.day(),
          durationSeconds: prose.number(40, 900),
        })),
      }),
  }),
];
