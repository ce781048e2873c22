import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset } from '@sallyport/server/test-support';
import { findFreePorts } from '../../tools/launch/free-ports.ts';

/** A gateway of this process on a PostgreSQL alone, with the test accounts. */
export interface GatewayOnPostgres {
  readonly gateway: Gateway;
  readonly origin: string;
  post(to: string, body: object, cookie?: string): Promise<Response>;
  /** Status of a question that reads the session. */
  sessionsOf(cookie: string): Promise<number>;
  close(): Promise<void>;
}

export async function startOnPostgres(databaseUrl: string): Promise<GatewayOnPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-postgres-'));
  const [port = 0] = await findFreePorts(1);
  const origin = `http://localhost:${port}`;
  const environment = readEnvironment({
    PORT: String(port),
    SALLYPORT_DATA_DIR: folder,
    SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
    DATABASE_URL: databaseUrl,
  });
  const preset = createTestPreset();
  const config = parseConfig(preset.configure(environment), 'test');
  const gateway = await startGateway({ config, preset, environment, logger: silentLogger });
  return {
    gateway,
    origin,
    post: (to, body, cookie = '') =>
      fetch(`${origin}${to}`, {
        method: 'POST',
        headers: { origin, cookie, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    sessionsOf: async (cookie) => (await fetch(`${origin}/auth/sessions`, { headers: { cookie } })).status,
    close: async () => {
      await gateway.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
