import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countWorkers, loadConfig, readEnvironment, startGateway, type ConfigInput } from '@sallyport/server';
import { silentLogger, type Logger } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../test-support/memory-terminal.ts';
import { freePort } from '../test-support/test-servers.ts';

interface SetUp {
  readonly name: string;
  readonly config?: Partial<ConfigInput> | Readonly<Record<string, unknown>>;
  /** `undefined` takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Runs in the data folder, which is there. */
  readonly prepare?: (dataDir: string) => void;
  /** What both name. */
  readonly says: RegExp;
}

const route = { name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' };
const longSecret = 'mU3xQ9vLr7Tn2Kc8Wb5Zp1Hd6Yj4Gf0SeAq7Vt3Bx9M';
const otherSecret = 'Zt4Nq8Wx1Kd7Rb3Ym9Hc5Vf2Lg6Js0Pa';

const broken: readonly SetUp[] = [
  { name: 'no mail server', environment: { SMTP_URL: undefined }, says: /SMTP_URL/ },
  { name: 'a mail server and no sender', config: { mail: undefined }, says: /mail\.from/ },
  {
    name: 'a mail server whose address is none of SMTP',
    environment: { SMTP_URL: 'http://127.0.0.1:9' },
    says: /smtp:\/\//,
  },
  {
    name: 'text messages and no gateway for them',
    config: { secondFactor: { methods: ['totp', 'sms'] } },
    says: /SMS_GATEWAY_URL/,
  },
  {
    name: 'a gateway for text messages in clear',
    environment: { SMS_GATEWAY_URL: 'http://sms.example.test' },
    says: /SMS_GATEWAY_URL/,
  },
  {
    name: 'a weak root secret in the environment',
    environment: { SALLYPORT_SECRET: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    says: /SALLYPORT_SECRET cannot be used/,
  },
  {
    name: 'a root secret that others can read',
    environment: { SALLYPORT_SECRET: undefined },
    prepare: (dataDir) => {
      writeFileSync(join(dataDir, 'root-secret'), `1:${otherSecret}\n`);
      chmodSync(join(dataDir, 'root-secret'), 0o644);
    },
    says: /root-secret can be read by others/,
  },
  {
    name: 'a data folder that every user can write',
    prepare: (dataDir) => chmodSync(dataDir, 0o777),
    says: /can be written by every user/,
  },
  {
    name: 'a damaged file of ended sessions',
    prepare: (dataDir) => writeFileSync(join(dataDir, 'ended-sessions.log'), 'damaged\n'),
    says: /ended-sessions\.log is damaged/,
  },
  {
    name: 'an admin listener on the network without a token',
    config: { admin: { host: '0.0.0.0', port: 0 } },
    says: /token|TOKEN/,
  },
  { name: 'workers without shared stores', config: { workers: 2 }, says: /workers.*REDIS_URL and DATABASE_URL/ },
  {
    name: 'a secret for tokens that no setting asks for',
    environment: { SALLYPORT_TOKEN_SECRET: otherSecret },
    says: /SALLYPORT_TOKEN_SECRET/,
  },
  {
    name: 'a secret for tokens that is the root secret',
    config: { tokens: { signWithSharedSecretInsteadOfKeyPairs: true } },
    environment: { SALLYPORT_SECRET: longSecret, SALLYPORT_TOKEN_SECRET: longSecret },
    says: /SALLYPORT_TOKEN_SECRET +is also the root secret/,
  },
  {
    name: 'a certificate that is not there',
    config: {
      publicUrl: 'https://app.example.test',
      tls: { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' },
    },
    says: /tls\.certFile/,
  },
  { name: 'a host that is none', config: { hosts: ['not a host!'] }, says: /hosts\.0/ },
  { name: 'a trusted proxy that is none', config: { trustedProxies: ['everybody'] }, says: /trustedProxies\.0/ },
  {
    name: 'a Redis whose address is none',
    environment: { REDIS_URL: 'http://127.0.0.1:9' },
    says: /REDIS_URL/,
  },
  {
    name: 'a file of authorities of Redis that is not there',
    config: { redis: { caFile: '/nowhere/ca.pem' } },
    environment: { REDIS_URL: 'rediss://127.0.0.1:9' },
    says: /caFile/,
  },
  {
    name: 'a database whose address is none',
    environment: { DATABASE_URL: 'mysql://127.0.0.1:9' },
    says: /DATABASE_URL/,
  },
];

const unsafe: readonly SetUp[] = [
  {
    name: 'a proxy that is not declared',
    config: { publicUrl: 'https://app.example.test' },
    says: /a proxy terminates TLS, but none is declared/,
  },
  {
    name: 'a database file that others can read',
    prepare: (dataDir) => writeFileSync(join(dataDir, 'sallyport.db'), '', { mode: 0o644 }),
    says: /sallyport\.db can be read by others/,
  },
];

/** A set-up that starts, unless it is changed. */
async function setUp({ config = {}, environment = {}, prepare }: Omit<SetUp, 'name' | 'says'>): Promise<Workplace> {
  const place = createWorkplace({ SMTP_URL: 'smtp://127.0.0.1:9' });
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete place.environment[name];
    else place.environment[name] = value;
  }
  const whole = {
    publicUrl: 'http://localhost:3000',
    listen: { host: '127.0.0.1', port: await freePort() },
    mail: { from: 'Acme <no-reply@example.test>' },
    policy: { permissions: {}, roles: { user: [] } },
    routes: [route],
    ...config,
  };
  writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(whole)};\n`);
  mkdirSync(place.dataDir, { mode: 0o700 });
  prepare?.(place.dataDir);
  return place;
}

/** Starts the gateway of a set-up as its process does, and ends it again. */
async function start(place: Workplace, logger: Logger = silentLogger): Promise<void> {
  const environment = readEnvironment(place.environment);
  const { config, preset } = await loadConfig(environment, place.folder);
  countWorkers(config, environment);
  const gateway = await startGateway({ config, preset, environment, logger });
  await gateway.close();
}

describe('the start and the doctor', () => {
  it('find nothing wrong with a set-up that is sound', async () => {
    const place = await setUp({});
    expect(await place.run(['doctor'])).toMatchObject({ code: 0 });
    await start(place);
    expect(await place.run(['doctor'])).toMatchObject({ code: 0 });
  });

  it.each(broken)('both refuse $name', async ({ says, ...change }) => {
    const place = await setUp(change);
    const { code, output } = await place.run(['doctor', '--json']);
    await expect.soft(start(place)).rejects.toThrow(says);
    const { findings } = JSON.parse(output) as {
      findings: readonly { state: string; finding: string; fix?: string }[];
    };
    const bad = findings.filter(({ state }) => state === 'bad').map(({ finding, fix = '' }) => `${finding}. ${fix}`);
    expect(bad.join('\n')).toMatch(says);
    expect(code).toBe(1);
  });

  it('both refuse a root secret under which the signing keys were not sealed', async () => {
    const place = await setUp({});
    await start(place);
    place.environment['SALLYPORT_SECRET'] = otherSecret;
    const { code, output } = await place.run(['doctor', '--json']);
    await expect(start(place)).rejects.toThrow(/root secret/);
    const { findings } = JSON.parse(output) as { findings: readonly { state: string; finding: string }[] };
    expect(findings.filter(({ state }) => state === 'bad')).toMatchObject([
      { finding: expect.stringMatching(/sealed under another root secret/) as string },
    ]);
    expect(code).toBe(1);
  });

  it.each(unsafe)('both warn of $name, and the gateway starts', async ({ says, ...change }) => {
    const place = await setUp(change);
    const { code, output } = await place.run(['doctor', '--json']);
    const { findings } = JSON.parse(output) as { findings: readonly { state: string; finding: string }[] };
    expect(findings.filter(({ state }) => state === 'warning')).toEqual([
      expect.objectContaining({ finding: expect.stringMatching(says) as string }),
    ]);
    expect(code).toBe(1);
    const warnings: unknown[] = [];
    await start(place, { ...silentLogger, warn: (_message, fields) => void warnings.push(fields) });
    expect(warnings).toContainEqual(expect.objectContaining({ finding: expect.stringMatching(says) as string }));
  });
});
