import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { answerFloor } from './answer-floor.ts';
import { anonymous, type RequestContext } from '@sallyport/core';
import type { IdentityEnvironment } from './identity-request.ts';
import { createEventLoopPacing } from './event-loop-pacing.ts';

// The floor is a matter of time itself, so that this test measures against its own clock and never an upper bound.
describe('the floor of time', () => {
  const pacing = createEventLoopPacing();
  const context: RequestContext = { requestId: 'r', clientAddress: '203.0.113.7', caller: anonymous };
  const app = new Hono<IdentityEnvironment>();
  app.post('/quick', answerFloor({ answerFloorMilliseconds: 60, pacing }), (c) => c.text('done'));
  app.post('/refused', answerFloor({ answerFloorMilliseconds: 60, pacing }), () => {
    throw new Error('refused');
  });
  app.post('/free', answerFloor({ answerFloorMilliseconds: 0, pacing }), (c) => c.text('done'));
  app.onError((_error, c) => c.text('refused', 401));

  it.each([
    { path: '/quick', status: 200 },
    { path: '/refused', status: 401 },
  ])('holds back the answer of $path', async ({ path, status }) => {
    const begun = performance.now();
    expect((await app.request(path, { method: 'POST' }, { context })).status).toBe(status);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(58);
  });

  it('holds nothing back when it is zero', async () => {
    expect((await app.request('/free', { method: 'POST' }, { context })).status).toBe(200);
  });
});
