import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { type ReportFormat, renderReport, reportFormats } from '../report/render-report.ts';
import type { Report } from '../report/report.ts';
import { UsageError } from './command-context.ts';

const FILE_OF_FORMAT: Readonly<Record<ReportFormat, string>> = {
  json: 'report.json',
  html: 'report.html',
  text: 'report.txt',
};
const FILES = Object.values(FILE_OF_FORMAT);

/** A folder that was checked before the load, so that the report can be written after it. */
export type ReportFolder = {
  readonly path: string;
  /** Removes the folders that were made for a report that never came. */
  discard(): void;
};

/**
 * Makes the folder of a report and checks that files can be made in it.
 * @param options.replace whether a report that is already in it may be replaced
 * @throws UsageError that says what to do
 */
export function openReportFolder(path: string, options: { readonly replace: boolean }): ReportFolder {
  const other = 'Choose another folder with --out DIR.';
  const folder = resolve(path);
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`The report's folder ${path} is a file. ${other}`);
  }
  const existing = FILES.filter((file) => existsSync(join(folder, file)));
  if (existing.length > 0 && !options.replace) {
    throw new UsageError(
      `The report's folder ${path} already has ${existing.join(', ')}. Pass --force to replace a report. ${other}`,
    );
  }
  let made: readonly string[] = [];
  try {
    made = makeFolders(folder);
    rmdirSync(mkdtempSync(join(folder, '.mcp-surge-')));
  } catch (error) {
    removeFolders(made);
    throw new UsageError(`The report cannot be written into ${path}: ${messageOf(error)}. ${other}`);
  }
  return { path, discard: () => removeFolders(made) };
}

/** Where a report is, or that it could not be written. */
export type SavedReport = {
  /** A line that says where the report is; undefined when no file could be written. */
  readonly place: string | undefined;
  /** What went wrong, a sentence each. */
  readonly problems: readonly string[];
};

/**
 * Writes a report in every format. If that fails, for example because the disk is full, it is written into a folder for
 * temporary files. Never throws: a report is worth more than the reason why a file could not be written.
 */
export function saveReport(report: Report, folder: string): SavedReport {
  const problems: string[] = [];
  const bodies = reportFormats.flatMap((format) => {
    try {
      return [[FILE_OF_FORMAT[format], renderReport(report, format).body] as const];
    } catch (error) {
      problems.push(`${FILE_OF_FORMAT[format]} could not be made: ${messageOf(error)}.`);
      return [];
    }
  });
  for (const path of [folder, join(tmpdir(), `mcp-surge-${report.runId}`)]) {
    try {
      makeFolders(resolve(path));
      for (const [name, body] of bodies) writeWhole(join(path, name), body);
      return {
        place: placeLine(
          path,
          bodies.map(([name]) => name),
        ),
        problems,
      };
    } catch (error) {
      problems.push(`The report could not be written into ${path}: ${messageOf(error)}.`);
    }
  }
  return { place: undefined, problems };
}

/** Writes a file so that it is either complete or as it was before. */
function writeWhole(path: string, body: string): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, body);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function placeLine(folder: string, names: readonly string[]): string {
  const page = names.find((name) => name.endsWith('.html')) ?? names[0] ?? '';
  const path = join(folder, page);
  const shown = relative(process.cwd(), path);
  const others = names.filter((name) => name !== page);
  const also = others.length === 0 ? '' : ` (also ${others.join(' and ')})`;
  return `Report: ${shown.startsWith('..') ? path : shown}${also}`;
}

/**
 * Makes a folder and those above it, one by one. Node's own recursive way never returns where a file system refuses to make
 * folders, such as /proc.
 * @returns the folders that were made
 */
function makeFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let path = folder; !existsSync(path); path = dirname(path)) missing.unshift(path);
  const made: string[] = [];
  try {
    for (const path of missing) {
      mkdirSync(path);
      made.push(path);
    }
  } catch (error) {
    removeFolders(made);
    throw error;
  }
  return made;
}

function removeFolders(made: readonly string[]): void {
  try {
    for (const path of made.toReversed()) rmdirSync(path);
  } catch {
    // Something is in it; then it stays.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
