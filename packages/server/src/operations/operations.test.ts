import { defineOperation } from '@sallyport/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { createOperations } from './operations.ts';

const context = { actor: 'operator:ada', requestId: 'one', address: 'local' };

it('the end of operations waits for those that began, and takes no other', async () => {
  const gate = Promise.withResolvers<string>();
  const slow = defineOperation({ name: 'slow/one', input: z.strictObject({}), run: () => gate.promise });
  const operations = createOperations([slow]);
  const begun = operations.run('slow/one', {}, context);
  let isClosed = false;
  const closed = operations.close().then(() => (isClosed = true));
  await expect(operations.run('slow/one', {}, context)).rejects.toMatchObject({
    code: 'SP_SERVICE_UNAVAILABLE',
    reason: 'stopping',
  });
  expect(isClosed).toBe(false);
  gate.resolve('done');
  expect(await begun).toBe('done');
  await closed;
});

it.each([{ x: 1 }, null, 'text', []])('an operation refuses the input %j before it begins', async (input) => {
  let runs = 0;
  const one = defineOperation({ name: 'a/b', input: z.strictObject({}), run: async () => (runs += 1) });
  await expect(createOperations([one]).run('a/b', input, context)).rejects.toMatchObject({
    code: 'SP_VALIDATION_FAILED',
  });
  expect(runs).toBe(0);
});
