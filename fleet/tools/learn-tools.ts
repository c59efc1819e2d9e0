import { z } from 'zod';
import { defineTool } from './demo-tool.ts';

/** What the learn server offers: documentation search without an account. */
export const learnTools = [
  defineTool({
    name: 'microsoft_docs_search',
    description: 'Searches the documentation and returns the passages that fit best, each with its title and address.',
    input: z.object({ query: z.string().min(1).describe('What to look for, in a few words or as a question') }),
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
