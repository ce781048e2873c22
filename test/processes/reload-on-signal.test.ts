import { testRoutes } from '@sallyport/server/test-support';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createGatewayFolder, type GatewayFolder } from './gateway-folder.ts';
import type { GatewayProcess } from './gateway-process.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const patience = { timeout: 20_000, interval: 20 };
const nowhere = 'http://127.0.0.1:9';

let folder: GatewayFolder;
let gateway: GatewayProcess;
beforeAll(async () => {
  folder = await createGatewayFolder({ config: { routes: testRoutes(nowhere) } });
  gateway = await folder.start();
});
afterAll(() => folder.remove());

const statusOf = async (path: string): Promise<number> => (await fetch(folder.origin + path)).status;
const linesOf = (message: string) => gateway.lines.filter((line) => line['message'] === message);

it('a hang-up makes the process read its configuration again, and a bad one changes nothing', async () => {
  expect(await statusOf('/later')).toBe(404);
  const later = { name: 'later', prefix: '/later', upstream: nowhere, audience: 'later', access: 'signed-in' } as const;
  folder.write({ routes: [later] });
  gateway.signal('SIGHUP');
  await vi.waitFor(async () => expect(await statusOf('/later')).toBe(401), patience);
  await vi.waitFor(
    () => expect(linesOf('the configuration was read again').at(-1)).toMatchObject({ changed: 'routes' }),
    patience,
  );

  folder.write({}, 'export default { routes: ');
  gateway.signal('SIGHUP');
  await vi.waitFor(
    () => expect(linesOf('the new configuration is not used: the one before stays')).toHaveLength(1),
    patience,
  );
  expect(await statusOf('/later')).toBe(401);

  folder.write({ routes: testRoutes(nowhere) });
  gateway.signal('SIGHUP');
  await vi.waitFor(async () => expect(await statusOf('/later')).toBe(404), patience);
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
});
