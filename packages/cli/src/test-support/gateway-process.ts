import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Workplace } from './memory-terminal.ts';

/** A gateway in a process of its own, on the stores of a workplace. */
export interface GatewayProcess {
  readonly origin: string;
  /** Resolves to the cookie of a session. */
  signIn(email: string, password: string): Promise<string>;
  /** The roles that a session has at this gateway; `undefined` when it is not signed in. */
  rolesOf(cookie: string): Promise<readonly string[] | undefined>;
  stop(): Promise<void>;
}

/** Writes the configuration that command lines and gateways of a workplace share. */
export function writeConfig(place: Workplace, port: number, prefix: string): void {
  const config = {
    publicUrl: `http://localhost:${port}`,
    listen: { host: '127.0.0.1', port },
    internal: { host: '127.0.0.1', port: 0 },
    admin: { port: 0 },
    mail: { from: 'Sallyport <no-reply@localhost>' },
    redis: { prefix },
    policy: { permissions: {}, roles: { user: [], vendor: [], admin: [] } },
    passwords: { answerFloorMilliseconds: 100 },
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' }],
  };
  writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  // Nothing listens on the port of discard, and nothing is mailed.
  place.environment['SMTP_URL'] = 'smtp://127.0.0.1:9';
}

/** Starts a gateway, and waits until it serves. */
export async function startGatewayProcess(place: Workplace, port: number): Promise<GatewayProcess> {
  const program = fileURLToPath(new URL('../../../../apps/gateway/src/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program],
    { cwd: place.folder, env: place.environment, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      if (line.includes('gateway ready')) ready.resolve();
    });
  child.once('exit', () => ready.reject(new Error(`the gateway ended: ${lines.join('\n')}`)));
  await ready.promise;

  const origin = `http://localhost:${port}`;
  return {
    origin,
    async signIn(email, password) {
      const answer = await fetch(`${origin}/auth/sign-in/email`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.status} ${await answer.text()}`);
      return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    },
    async rolesOf(cookie) {
      // `/auth/session` reads the store each time: whether a session has ended is for what the gateway remembers.
      const passed = await fetch(`${origin}/anything`, { headers: { cookie } });
      if (passed.status === 401) return undefined;
      const answer = await fetch(`${origin}/auth/session`, { headers: { cookie } });
      const body = (await answer.json()) as { user?: { roles: string[] } };
      return body.user?.roles;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
