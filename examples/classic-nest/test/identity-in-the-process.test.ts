import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHttpContract } from './http-contract.test-support.ts';
import { moveApplication, type MovedApplication } from './moved-application.test-support.ts';
import { mongodbUrl, startApplication, type RunningApplication } from './running-application.test-support.ts';

describe.skipIf(mongodbUrl === undefined)('the application with identity in its process [mongodb]', () => {
  let moved: MovedApplication | undefined;
  let application: RunningApplication | undefined;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'classic-nest-'));
  beforeAll(async () => {
    moved = moveApplication('identity-in-the-process');
    application = await startApplication(moved.folder, { SALLYPORT_DATA_DIR: dataDir });
  });
  afterAll(async () => {
    await application?.close();
    moved?.remove();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const origin = (): string => application?.origin ?? '';
  describeHttpContract(origin);

  it('serves what the original did not have: a page to reset a password, and refresh tokens', async () => {
    expect((await fetch(`${origin()}/auth/forgot`)).status).toBe(200);
    const refused = await fetch(`${origin()}/auth/token/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: 'rubbish' }),
    });
    expect(refused.status).toBe(400);
  });
});
