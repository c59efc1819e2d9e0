import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

const run = promisify(execFile);

/** Where `.ci/infra` leaves the Bicep CLI. */
export const BICEP = join(import.meta.dirname, '../../node_modules/.cache/bicep/bicep');

const snapshot = z.object({
  predictedResources: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      kind: z.string().optional(),
      sku: z.record(z.string(), z.unknown()).optional(),
      tags: z.record(z.string(), z.string()).optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
      identity: z.object({ userAssignedIdentities: z.record(z.string(), z.unknown()) }).optional(),
    }),
  ),
  outputs: z.record(z.string(), z.unknown()),
});

export type Prediction = z.infer<typeof snapshot>;

/**
 * What a deployment would create, worked out by `bicep snapshot` without a cloud: every expression that does not need
 * a live resource is evaluated, the others stay as `[expressions]`.
 *
 * @param settings environment variables as `azd env set` would set them
 * @throws an error with the message of Bicep when the parameters are refused
 */
export async function predict(settings: Readonly<Record<string, string>> = {}): Promise<Prediction> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-surge-infra-'));
  try {
    await cp(join(import.meta.dirname, '../../infra'), folder, { recursive: true });
    const place = ['--subscription-id', '00000000-0000-0000-0000-000000000001', '--location', 'westeurope'];
    await run(BICEP, ['snapshot', join(folder, 'main.bicepparam'), '--mode', 'overwrite', ...place], {
      env: {
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
        HOME: folder,
        AZURE_ENV_NAME: 'test',
        AZURE_LOCATION: 'westeurope',
        ...settings,
      },
      timeout: 60_000,
    });
    return snapshot.parse(JSON.parse(await readFile(join(folder, 'main.snapshot.json'), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
