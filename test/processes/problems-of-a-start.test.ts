import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let taken: Server;
let takenPort = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-problems-'));
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  takenPort = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(() => {
  taken.close();
  rmSync(folder, { recursive: true, force: true });
});

const route = { name: 'web', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'web', access: 'optional' };

/** What one start prints, with its exit code. Nothing is there afterwards that was not there before. */
async function refusalOf(config: object, environment: Readonly<Record<string, string>>): Promise<string> {
  writeFileSync(join(folder, 'sallyport.config.mjs'), `export default ${JSON.stringify(config)};\n`);
  const before = readdirSync(folder);
  const started = startGatewayProcess({ cwd: folder, environment });
  const printed = await started.then(
    async (gateway) => {
      await gateway.stop();
      return 'it started';
    },
    (error: Error) => error.message,
  );
  expect(readdirSync(folder)).toEqual(before);
  expect(existsSync(join(folder, '.sallyport'))).toBe(false);
  return printed;
}

describe('one start of a gateway', () => {
  it('names what is wrong with environment, file, secrets, mail, brand, certificate, stores and ports', async () => {
    const printed = await refusalOf(
      {
        publicUrl: 'https://app.example.test',
        canary: 1,
        listen: { port: takenPort },
        session: { idleSeconds: 'x' },
        tls: { certFile: 'none.pem', keyFile: 'none.pem' },
        brand: { logo: 'none.svg' },
        workers: 2,
        pages: { signIn: '/sign-in' },
        policy: { permissions: {}, roles: { user: ['order:read'] } },
        routes: [{ ...route, prefix: '/web', access: { roles: ['amdin'] } }],
      },
      {
        SALLYPORT_TYPO: '1',
        SALLYPORT_SECRET: 'a'.repeat(36),
        SMS_GATEWAY_URL: 'http://sms.example.test',
        REDIS_URL: 'http://redis.example.test',
        NODE_ENV: 'production',
      },
    );
    expect(printed).toMatch(/^the gateway ended \(1\)/);
    for (const says of [
      /SALLYPORT_TYPO +is not a variable/,
      /canary +is not a key/,
      /session\.idleSeconds/,
      /policy\.roles\.user/,
      /routes\.0\.access\.roles/,
      /pages\.signIn +is served by no route/,
      /brand\.logo +names a file/,
      /tls\.certFile +names a file/,
      /SMTP_URL +is missing/,
      /SMS_GATEWAY_URL +.*https/,
      /SALLYPORT_SECRET cannot be used/,
      /REDIS_URL +has a scheme/,
      /workers +is more than one, which needs DATABASE_URL/,
      /listen\.port +cannot be used: .*is taken/,
    ])
      expect(printed).toMatch(says);
    expect(printed.match(/The configuration \(/g)).toHaveLength(1);
  });

  it('names several ports that are taken, or given twice, before a database is there', async () => {
    const printed = await refusalOf(
      {
        publicUrl: `http://localhost:${takenPort}`,
        listen: { port: takenPort },
        internal: { port: takenPort },
        admin: { port: takenPort },
        mailbox: { port: takenPort },
        policy: { permissions: {}, roles: { user: [] } },
        routes: [route],
      },
      {},
    );
    expect(printed).toMatch(/^the gateway ended \(1\)/);
    for (const key of ['listen', 'internal', 'admin', 'mailbox'])
      expect(printed).toMatch(new RegExp(`${key}\\.port +cannot be used: .*is taken`));
  });
});
