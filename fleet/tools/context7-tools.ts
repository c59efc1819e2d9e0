import { z } from 'zod';
import { defineTool } from './demo-tool.ts';

/** What the context7 server offers: library documentation. */
export const context7Tools = [
  defineTool({
    name: 'resolve-library-id',
    description: 'Turns the name of a library into the id that query-docs expects. Returns a few candidates.',
    input: z.object({
      query: z.string().min(1).describe('What the documentation is wanted for; used to rank the candidates'),
      libraryName: z.string().min(1).describe('Name of the library as its users write it'),
    }),
    answer: ({ query, libraryName }, prose) =>
      [
        `Libraries matching "${libraryName}" for: ${query}`,
        ...Array.from({ length: 4 }, () =>
          [
            `- Title: ${libraryName} ${prose.pick(['core', 'docs', 'guide', 'extensions'])}`,
            `- Library ID: /${prose.name()}/${libraryName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
            `- Description: ${prose.sentence()}`,
            `- Code snippets: ${prose.number(40, 4000)}`,
          ].join('\n'),
        ),
      ].join('\n----------\n'),
  }),
  defineTool({
    name: 'query-docs',
    description: 'Returns documentation and examples of one library that answer a question.',
    input: z.object({
      libraryId: z.string().min(1).describe('Id from resolve-library-id, for example /azure/functions'),
      query: z.string().min(1).describe('The question to answer'),
    }),
    answer: ({ libraryId, query }, prose) =>
      Array.from({ length: 4 }, (_, index) =>
        [
          `### ${query} (${index + 1})`,
          `Source: https://docs.example${libraryId.startsWith('/') ? '' : '/'}${libraryId}/${prose.name()}.md`,
          prose.paragraph(5),
          '```ts',
          `await ${prose.pick(['open', 'send', 'renew'])}('${prose.name()}', { limit: ${prose.number(1, 500)} });`,
          '```',
        ].join('\n'),
      ).join('\n\n'),
  }),
];
