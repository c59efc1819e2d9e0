import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearestOf } from '../plan/problem.ts';
import { UsageError } from './command-context.ts';

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: Options }>
>;

/**
 * Reads the options and the files of a command. An unknown option and an option without its value are refused. Of several
 * values where one counts, the last counts, so that a script can put defaults before the options of its user.
 * @throws UsageError naming the option, with the nearest known one
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  args: string[],
  options: Options,
): Parsed<Options> {
  const { tokens } = parseArgs({ args, allowPositionals: true, strict: false, tokens: true, options });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw new UsageError(unknownOption(rawName, name, Object.keys(options)));
    if (option.type === 'string' && (value === undefined || value.trim() === '' || looksLikeOption(value, options))) {
      throw new UsageError(`${rawName} needs a value. See mcp-surge --help.`);
    }
    if (option.type === 'boolean' && value !== undefined)
      throw new UsageError(`${rawName} takes no value, got "${value}".`);
  }
  return parseArgs({ args, allowPositionals: true, options });
}

/** True where a value was forgotten, so that the next option stands in its place. */
function looksLikeOption(value: string, options: ParseArgsOptionsConfig): boolean {
  return value.startsWith('--') && Object.hasOwn(options, value.slice(2).replace(/=.*/, ''));
}

function unknownOption(rawName: string, name: string, known: readonly string[]): string {
  const all = `the options of this command are --${known.join(', --')}.`;
  const nearest = nearestOf(name, known);
  return `unknown option ${rawName}: ${nearest === undefined ? all : `did you mean --${nearest}?`} See mcp-surge --help.`;
}
