import { z } from 'zod';
import { defineTool } from './tool.ts';

/** The tools of the learn server: documentation search without an account. */
export const learnTools = [
  defineTool({
    name: 'microsoft_docs_search',
    description: 'Searches the documentation and returns the best matching passages, each with its title and address.',
    input: z.object({ query: z.string().min(1).describe('Search words or a question') }),
    answer: ({ query }, prose) =>
      JSON.stringify({
        results: Array.from({ length: 5 }, (_, index) => ({
          title: `${query}: ${prose.pick(['overview', 'quickstart', 'limits', 'how it works', 'best practices'])}`,
          content: prose.paragraph(4),
          contentUrl: `https://docs.example/${prose.name()}/${index + 1}`,
        })),
      }),
  }),
  defineTool({
    name: 'microsoft_code_sample_search',
    description: 'Finds code samples in the documentation for a query, optionally in one language.',
    input: z.object({
      query: z.string().min(1).describe('What the sample should show'),
      language: z.string().optional().describe('Programming language, for example csharp or typescript'),
    }),
    answer: ({ query, language = 'typescript' }, prose) =>
      JSON.stringify({
        results: Array.from({ length: 3 }, () => ({
          description: `${query}: ${prose.sentence()}`,
          language,
          codeSnippet: `// ${prose.sentence()}\nconst ${prose.pick(['client', 'queue', 'lease'])} = open('${prose.name()}');\nawait send(${prose.number(1, 64)});\n`,
          link: `https://docs.example/samples/${prose.name()}`,
        })),
      }),
  }),
];

/** The tools of the context7 server: documentation of libraries. */
export const context7Tools = [
  defineTool({
    name: 'resolve-library-id',
    description: 'Turns the name of a library into the id that query-docs expects. Returns a few candidates.',
    input: z.object({
      query: z.string().min(1).describe('What the documentation is needed for; ranks the candidates'),
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
