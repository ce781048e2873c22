import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { askingEnvoy, startAskingProxy, startAskingVisitors } from './asking-proxy.ts';
import { rowsOfPlaces } from './asking-rows.ts';
import { findEnvoy } from './find-envoy.ts';
import { rowsOfForwardAuth } from './forward-auth-rows.ts';
import { rowsOfVisitors } from './front-rows.ts';
import { rowsOfHttp2 } from './http2-rows.ts';
import type { ProxyInFront } from './proxy-in-front.ts';

const envoy = findEnvoy();

describe.skipIf(envoy === undefined)('Envoy that asks, as deploy/envoy says (skipped where it cannot be had)', () => {
  describe('in front of an echo', () => {
    let started: ProxyInFront;
    beforeAll(async () => {
      started = await startAskingProxy(askingEnvoy(envoy ?? ''));
    });
    afterAll(() => started.close());
    beforeEach(() => started.gateway.upstream.reset());

    rowsOfForwardAuth(() => started);
    rowsOfHttp2(() => started);
  });

  describe('with people', () => {
    let between: Awaited<ReturnType<typeof startAskingVisitors>>;
    beforeAll(async () => {
      between = await startAskingVisitors(askingEnvoy(envoy ?? ''));
    });
    afterAll(() => between.close());
    beforeEach(() => between.behind.upstream.reset());

    rowsOfVisitors(() => between);
    rowsOfPlaces(() => between);
  });
});
