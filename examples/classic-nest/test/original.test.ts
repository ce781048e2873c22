import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeHttpContract } from './http-contract.test-support.ts';
import { mongodbUrl, startApplication, type RunningApplication } from './running-application.test-support.ts';

describe.skipIf(mongodbUrl === undefined)('the classic application [mongodb]', () => {
  let application: RunningApplication;
  beforeAll(async () => {
    application = await startApplication(path.resolve(import.meta.dirname, '..'));
  });
  afterAll(() => application.close());

  describeHttpContract(() => application.origin);
});
