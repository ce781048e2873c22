import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusOf } from '../../tools/launch/wait-until-ready.ts';
import { askingNginx, startAskingProxy } from './asking-proxy.ts';
import { rowsOfForwardAuth } from './forward-auth-rows.ts';
import { rowsOfHttp2 } from './http2-rows.ts';
import type { ProxyInFront } from './proxy-in-front.ts';
import { nginx } from './start-proxy.ts';

let started: ProxyInFront;

describe.skipIf(nginx === undefined)('nginx that asks, as deploy/nginx says (skipped without nginx)', () => {
  beforeAll(async () => {
    started = await startAskingProxy(askingNginx);
  });
  afterAll(() => started.close());
  beforeEach(() => started.gateway.upstream.reset());

  rowsOfForwardAuth(() => started);
  rowsOfHttp2(() => started);

  it('the question itself cannot be reached from outside', async () => {
    const probe = { url: `https://app.test:${started.port}/_sallyport`, authority: started.ca };
    expect(await statusOf(probe)).toBe(404);
  });
});
