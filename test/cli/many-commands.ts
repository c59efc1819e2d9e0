/**
 * Runs several commands in this process, one after the other, as `mcp-surge` would. After each it writes a line with the
 * exit code to both streams.
 */
const commands = JSON.parse(process.argv[2] ?? '[]') as string[][];
const main = new URL('../../src/cli/main.ts', import.meta.url).href;
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
for (const [index, args] of commands.entries()) {
  process.argv.splice(2, Infinity, ...args);
  process.exitCode = 0;
  // Another query is another instance of the module, which runs when it is loaded.
  await import(`${main}?${index}`);
  for (const stream of [process.stdout, process.stderr]) stream.write(`@@ ${process.exitCode} @@\n`);
}
process.exitCode = 0;
