import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { UsageError } from '../../src/cli/command-context.ts';
import { openReportFolder, saveReport } from '../../src/cli/report-folder.ts';
import { reportFixture } from '../support/report-fixture.ts';

const NEW = { replace: false };
const report = reportFixture();
let root: string;
let folder: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'mcp-surge-folder-'));
});
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});
after(() => rmSync(root, { recursive: true }));

/** What a user is told about a folder that cannot be used. */
function refusal(path: string): string {
  try {
    openReportFolder(path, NEW);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
}

describe('the folder of a report', () => {
  it('is made before the load, with the folders above it', () => {
    openReportFolder(join(folder, 'a/b'), NEW);
    assert.deepEqual(readdirSync(join(folder, 'a/b')), []);
  });

  it('is removed again when no report comes, unless it was there before or something is in it', () => {
    openReportFolder(join(folder, 'a/b'), NEW).discard();
    assert.deepEqual(readdirSync(folder), []);
    openReportFolder(folder, NEW).discard();
    assert.ok(existsSync(folder));
    const used = openReportFolder(join(folder, 'a/b'), NEW);
    writeFileSync(join(folder, 'a/b/note.txt'), '');
    used.discard();
    assert.ok(existsSync(join(folder, 'a/b/note.txt')));
  });

  it('cannot be a file, nor be below a file', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.match(refusal(join(folder, 'file')), /file is a file\. Choose another folder with --out DIR\.$/);
    assert.match(refusal(join(folder, 'file/below')), /cannot be written into .*file\/below: E.*--out DIR\.$/);
  });

  it('cannot be where the system makes no folders, which is noticed without waiting', () => {
    for (const path of ['/proc/nope', '/proc/nope/deeper', '/dev/null/x']) {
      assert.match(refusal(path), /^The report cannot be written into .*: E/, path);
    }
  });

  it('cannot have a report already, unless it may be replaced', () => {
    writeFileSync(join(folder, 'report.json'), '{}');
    assert.match(refusal(folder), /already has report\.json\. Pass --force to replace a report\. Choose another/);
    openReportFolder(folder, { replace: true });
    saveReport(report, folder);
    assert.equal(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')).runId, report.runId);
  });
});

describe('saving a report', () => {
  it('writes every format, and says where', () => {
    const { place, problems } = saveReport(report, folder);
    assert.deepEqual(problems, []);
    assert.equal(place, `Report: ${join(folder, 'report.html')} (also report.json and report.txt)`);
    assert.deepEqual(readdirSync(folder).sort(), ['report.html', 'report.json', 'report.txt']);
  });

  it('makes the folder again if it was removed during the load', () => {
    rmSync(folder, { recursive: true });
    assert.deepEqual(saveReport(report, folder).problems, []);
    assert.equal(readdirSync(folder).length, 3);
  });

  it('falls back to a folder for temporary files, and says where and why', () => {
    mkdirSync(join(folder, 'report.html'));
    mkdirSync(join(folder, 'report.html/not-empty'));
    const { place, problems } = saveReport(report, folder);
    const fallback = join(tmpdir(), `mcp-surge-${report.runId}`);
    try {
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', /^The report could not be written into .*: E/);
      assert.equal(place, `Report: ${join(fallback, 'report.html')} (also report.json and report.txt)`);
      assert.equal(JSON.parse(readFileSync(join(fallback, 'report.json'), 'utf8')).runId, report.runId);
      assert.ok(!existsSync(join(folder, 'report.html.part')));
    } finally {
      rmSync(fallback, { recursive: true, force: true });
    }
  });

  it('never throws, even if nothing can be written', () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = '/proc/nope';
    try {
      const { place, problems } = saveReport(report, '/proc/nope');
      assert.deepEqual([place, problems.length], [undefined, 2]);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });

  it('writes the other formats if one of them cannot be made', () => {
    const broken = {
      ...report,
      get targets(): never {
        throw new Error('no targets');
      },
    };
    const { problems } = saveReport(broken, folder);
    assert.ok(
      problems.every((problem) => problem.endsWith('could not be made: no targets.')),
      problems.join(),
    );
  });
});
