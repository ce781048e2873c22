import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workplace } from 'sallyport/test-support';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';

/** Writes the configuration that command lines and gateways of a workplace share. */
export function writeConfig(place: Workplace, port: number, prefix: string, change: object = {}): void {
  const config = {
    publicUrl: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    internal: { host: '127.0.0.1', port: 0 },
    admin: { port: 0 },
    mail: { from: 'Sallyport <no-reply@localhost>' },
    redis: { prefix },
    policy: { permissions: {}, roles: { user: [], vendor: [], admin: [] } },
    passwords: { answerFloorMilliseconds: 100 },
    routes: [
      { name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', zone: true, access: 'signed-in' },
    ],
    ...change,
  };
  writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  // Nothing listens on the port of discard, and nothing is mailed.
  place.environment['SMTP_URL'] = 'smtp://127.0.0.1:9';
}

/** Starts a gateway on the stores of a workplace, and waits until it serves. */
export function startBeside({ folder, environment }: Workplace): Promise<GatewayProcess> {
  return startGatewayProcess({ cwd: folder, environment });
}

/** The roles that a session has at a gateway; `undefined` when it has ended. */
export async function rolesOf({ origin }: GatewayProcess, cookie: string): Promise<readonly string[] | undefined> {
  // `/auth/session` reads the store each time: whether a session has ended is for what the gateway remembers.
  const passed = await fetch(`${origin}/anything`, { headers: { cookie } });
  if (passed.status === 401) return undefined;
  const answer = await fetch(`${origin}/auth/session`, { headers: { cookie } });
  const body = (await answer.json()) as { user?: { roles: string[] } };
  return body.user?.roles;
}
