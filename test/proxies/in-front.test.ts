import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { frontKinds } from './front-kinds.ts';
import { rowsOfFront, rowsOfVisitors } from './front-rows.ts';
import { startGatewayBehind, type GatewayBehind } from './gateway-behind.ts';
import { startFront, type StartedFront } from './start-front.ts';

describe.skipIf(frontKinds.every(({ program }) => program === undefined))('a proxy in front of the gateway', () => {
  let behind: GatewayBehind;
  beforeAll(async () => {
    behind = await startGatewayBehind();
  });
  afterAll(() => behind.close());
  beforeEach(() => behind.upstream.reset());

  for (const kind of frontKinds) {
    describe.skipIf(kind.program === undefined)(
      `${kind.name}, as deploy/${kind.file} says (skipped without it)`,
      () => {
        let started: StartedFront;
        beforeAll(async () => {
          started = await startFront(kind, behind.port);
        });
        afterAll(() => started.stop());

        rowsOfVisitors(() => ({ ...started, behind }));
        rowsOfFront(() => ({ ...started, behind }));
      },
    );
  }
});
