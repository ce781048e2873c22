import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { createClosing, loadDeployment, type ConfigInput } from '@sallyport/server';
import { testRoutes } from '@sallyport/server/test-support';
import { createWorkplace, secondSecret } from 'sallyport/test-support';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../../tools/launch/certificate-authority.ts';
import { createGatewayFolder, folderPolicy, testSecret, type GatewayFolder } from './gateway-folder.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { makePostgresSchema, postgresUrl } from './postgres-schema.ts';

// Processes are started, and some of them have workers.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const closing = createClosing();
afterEach(() => closing.close());

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const patience = { timeout: 110_000, interval: 50 };
const smtp = 'smtp://canary:canary@127.0.0.1:9';
/** Those that the folder puts into the environment come from the source here. */
const noSecrets = { SALLYPORT_SECRET: '', SMTP_URL: '' };

/** A program that prints a file, as the command of a secret store prints what it holds. */
async function makeFolder(config: Partial<ConfigInput>, secrets: object): Promise<GatewayFolder> {
  const folder = await createGatewayFolder({ config: { routes: testRoutes('http://127.0.0.1:9'), ...config } });
  closing.push(() => folder.remove());
  const file = join(folder.folder, 'secrets.json');
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  const print = join(folder.folder, 'print.mjs');
  writeFileSync(print, `process.stdout.write((await import('node:fs')).readFileSync(process.argv[2], 'utf8'));\n`);
  folder.write({ ...config, secrets: { from: { command: [process.execPath, print, file] }, refreshSeconds: 10 } });
  return folder;
}

/** Gives the command something else to print, never half of it. */
function rewrite({ folder }: GatewayFolder, text: string): void {
  writeFileSync(join(folder, 'secrets.json.new'), text, { mode: 0o600 });
  renameSync(join(folder, 'secrets.json.new'), join(folder, 'secrets.json'));
}

const eventsOf = (gateway: GatewayProcess, event: string) => gateway.lines.filter((line) => line['event'] === event);
const statusOf = async ({ adminOrigin }: GatewayFolder) =>
  (await (await fetch(`${adminOrigin}/status`)).json()) as {
    readonly processes: readonly number[];
    readonly secrets: { readonly needRestart: readonly string[]; readonly refused?: unknown };
  };
const signUp = (origin: string, email: string) =>
  fetch(`${origin}/auth/sign-up/email`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ name: 'Ann', email, password: 'brass-lantern-over-quiet-water' }),
  });

/** A mail server that counts. */
async function startSmtpServer() {
  const received: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    onAuth: (_auth, _session, done) => done(null, { user: 'x' }),
    onData: callbackify(async (stream: Readable, { envelope }: SMTPServerSession) => {
      await stream.toArray();
      received.push(...envelope.rcptTo.map(({ address }) => address));
    }),
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `smtp://canary:canary@127.0.0.1:${(listening.address() as AddressInfo).port}`, received };
}

/** What other processes of this user can read of a process. */
function visibleOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

describe('a gateway whose secrets come from a command', () => {
  it('does not start when the command fails, and says how it ended but nothing that it printed', async () => {
    const folder = await makeFolder({}, { SALLYPORT_SECRET: testSecret });
    const command = [process.execPath, '--eval', "console.log('canary'); console.error('canary'); process.exit(7)"];
    folder.write({ secrets: { from: { command } } });
    const start = folder.start(noSecrets);
    await expect(start).rejects.toThrow(/secrets\.from\.command +ended with code 7/);
    await expect(start).rejects.not.toThrow(/canary/);
  });

  it('does not start when a secret is set in two places', async () => {
    const folder = await makeFolder({}, { SALLYPORT_SECRET: testSecret, SMTP_URL: smtp });
    const start = folder.start({ SALLYPORT_SECRET: '' });
    await expect(start).rejects.toThrow(/SMTP_URL +is set, and secrets\.from gives SMTP_URL too/);
    await expect(start).rejects.not.toThrow(/canary/);
  });

  it('does not start with a weak root secret', async () => {
    const folder = await makeFolder({}, { SALLYPORT_SECRET: 'canary', SMTP_URL: smtp });
    const start = folder.start(noSecrets);
    await expect(start).rejects.toThrow(/SALLYPORT_SECRET/);
    await expect(start).rejects.not.toThrow(/canary/);
  });

  it('serves, and shows them in neither its environment, its arguments nor its log', async () => {
    const folder = await makeFolder({}, { SALLYPORT_SECRET: testSecret, SMTP_URL: smtp });
    const gateway = await folder.start(noSecrets);
    expect((await fetch(`${gateway.internalOrigin}/readyz`)).status).toBe(200);
    if (process.platform === 'linux') expect(visibleOf(gateway.pid)).not.toMatch(/canary|kL9x2Qm7/);
    expect(JSON.stringify(gateway.lines)).not.toMatch(/canary|kL9x2Qm7/);
  });

  it('takes over what the command gives later by itself, keeps what it has when that is bad, and names what must wait', async () => {
    const [before, after] = await Promise.all([startSmtpServer(), startSmtpServer()]);
    const folder = await makeFolder({}, { SALLYPORT_SECRET: testSecret, SMTP_URL: before.url });
    const gateway = await folder.start(noSecrets);
    await signUp(folder.origin, 'ann@example.test');
    await vi.waitFor(() => expect(before.received).toEqual(['ann@example.test']), patience);

    rewrite(folder, '{"SALLYPORT_SECRET": "canary"');
    await vi.waitFor(() => expect(eventsOf(gateway, 'secrets-not-renewed').length).toBeGreaterThan(0), patience);
    await signUp(folder.origin, 'bob@example.test');
    await vi.waitFor(() => expect(before.received).toContain('bob@example.test'), patience);

    rewrite(folder, JSON.stringify({ SALLYPORT_SECRET: `2:${secondSecret},1:${testSecret}`, SMTP_URL: after.url }));
    gateway.signal('SIGHUP');
    await vi.waitFor(
      () => expect(eventsOf(gateway, 'secrets-renewed')).toMatchObject([{ changed: 'SMTP_URL' }]),
      patience,
    );
    expect(eventsOf(gateway, 'secrets-need-restart')).toMatchObject([{ names: 'SALLYPORT_SECRET' }]);
    expect((await statusOf(folder)).secrets).toMatchObject({ needRestart: ['SALLYPORT_SECRET'] });
    await signUp(folder.origin, 'cid@example.test');
    await vi.waitFor(() => expect(after.received).toEqual(['cid@example.test']), patience);
    expect(before.received).not.toContain('cid@example.test');
    expect(JSON.stringify(gateway.lines)).not.toMatch(/canary|kL9x2Qm7|Zt4Nq8Wx/);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
  });
});

it('the command line takes its secrets from the same source, and the doctor names those that it gives', async () => {
  const place = createWorkplace({ SALLYPORT_SECRET: '', SMTP_URL: '' });
  const file = join(place.folder, 'secrets.json');
  writeFileSync(file, JSON.stringify({ SALLYPORT_SECRET: testSecret, SMTP_URL: smtp }), { mode: 0o600 });
  const command = [process.execPath, '--eval', `process.stdout.write(fs.readFileSync(${JSON.stringify(file)}))`];
  const config = {
    publicUrl: 'http://localhost:3000',
    mail: { from: 'no-reply@example.test' },
    policy: folderPolicy,
    routes: testRoutes('http://127.0.0.1:9'),
    secrets: { from: { command } },
  };
  const write = (change: object, name: string): void => {
    writeFileSync(join(place.folder, name), `export default ${JSON.stringify({ ...config, ...change })};\n`);
    place.environment['SALLYPORT_CONFIG'] = name;
  };
  write({}, 'good.config.ts');
  const doctor = await place.run(['doctor']);
  expect(doctor.output).toMatch(/ok +secrets +SALLYPORT_SECRET, SMTP_URL come from secrets\.from\.command/);
  expect((await place.run(['secrets', 'check'])).output).toMatch(/SALLYPORT_SECRET\nVERSION.*\n1 +32 /);
  write({ secrets: { from: { command: [process.execPath, '--eval', 'process.exit(1)'] } } }, 'bad.config.ts');
  expect(await place.run(['doctor'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/BAD +secrets +secrets\.from\.command ended with code 1/) as string,
  });
  expect(doctor.output).not.toMatch(/canary|kL9x2Qm7/);
});

it('the secrets of an https address are taken from one that the authority of caFile vouches for, and from no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const [authority, stranger] = await Promise.all(
    ['Vault', 'Stranger'].map((commonName) => createAuthority({ commonName, days: 2 })),
  );
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
  const issued = await authority?.issue({ names, days: 1 });
  const answer = JSON.stringify({ data: { data: { SMTP_URL: smtp } } });
  const server = createServer({ cert: issued?.certificate, key: issued?.privateKey }, (_, response) =>
    response.end(answer),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1/secret/data/sallyport`;
  const load = async (name: string, caFile?: string) => {
    const secrets = { from: { url, at: 'data.data', ...(caFile === undefined ? {} : { caFile }) } };
    const config = {
      publicUrl: 'http://localhost:3000',
      policy: folderPolicy,
      routes: testRoutes('http://127.0.0.1:9'),
      secrets,
    };
    writeFileSync(join(folder, name), `export default ${JSON.stringify(config)};\n`);
    return loadDeployment({ variables: { SALLYPORT_CONFIG: name }, workingFolder: folder });
  };
  const files = { own: join(folder, 'own.pem'), other: join(folder, 'other.pem') };
  writeFileSync(files.own, authority?.certificate ?? '');
  writeFileSync(files.other, stranger?.certificate ?? '');
  await expect(load('a.config.ts')).rejects.toThrow(/secrets\.from\.url +cannot be asked \([A-Z_]*(CERT|SIGNATURE)/);
  await expect(load('b.config.ts', files.other)).rejects.toThrow(/cannot be asked \([A-Z_]*(CERT|SIGNATURE)/);
  await expect(load('c.config.ts', join(folder, 'none.pem'))).rejects.toThrow(/caFile that cannot be read/);
  const { environment } = await load('d.config.ts', files.own);
  expect(environment).toMatchObject({ smtpUrl: smtp, fetchedSecrets: ['SMTP_URL'] });
});

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'workers whose secrets come from a command [postgres + redis]',
  () => {
    it('are told them, and show them in neither their environment nor their arguments', async () => {
      const schema = await makePostgresSchema();
      closing.push(schema.drop);
      const prefix = `test-${randomBytes(9).toString('hex')}:`;
      const [before, after] = await Promise.all([startSmtpServer(), startSmtpServer()]);
      const secrets = { SALLYPORT_SECRET: testSecret, DATABASE_URL: schema.url, REDIS_URL: redisUrl };
      const folder = await makeFolder({ workers: 2, redis: { prefix } }, { ...secrets, SMTP_URL: before.url });
      const gateway = await folder.start(noSecrets);
      const { processes } = await statusOf(folder);
      expect(processes).toHaveLength(2);
      if (process.platform === 'linux')
        for (const pid of [gateway.pid, ...processes])
          expect(visibleOf(pid)).not.toMatch(/canary|kL9x2Qm7|search_path/);

      // Renewed ones reach both.
      rewrite(folder, JSON.stringify({ ...secrets, SMTP_URL: after.url }));
      gateway.signal('SIGHUP');
      await vi.waitFor(() => expect(eventsOf(gateway, 'secrets-renewed')).toHaveLength(1), patience);
      const signUpsOf = (worker: number) =>
        eventsOf(gateway, 'request').filter((line) => line['worker'] === worker && line['method'] === 'POST').length;
      for (let turn = 0; turn < 40 && Math.min(signUpsOf(1), signUpsOf(2)) === 0; turn++) {
        await signUp(folder.origin, `p${turn}@example.test`);
        await vi.waitFor(() => expect(after.received).toContain(`p${turn}@example.test`), patience);
      }
      expect(Math.min(signUpsOf(1), signUpsOf(2))).toBeGreaterThan(0);
      expect(before.received).toEqual([]);

      // One that is replaced is told them again, also when the command fails by now.
      rmSync(join(folder.folder, 'secrets.json'));
      process.kill(processes[0] ?? 0, 'SIGKILL');
      await vi.waitFor(() => expect(eventsOf(gateway, 'worker-replaced')).toHaveLength(1), patience);
      expect(JSON.stringify(gateway.lines)).not.toMatch(/canary|kL9x2Qm7|search_path/);
    });
  },
);
