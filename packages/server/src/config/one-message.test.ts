import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requireStart } from '../checks/require-start.ts';
import { firstStartChecks } from '../checks/start-checks.ts';
import { loadDeployment } from './load-deployment.ts';

// Every pair is a start.
vi.setConfig({ testTimeout: 120_000 });

/** A deployment that is being written. */
interface Draft {
  readonly variables: Record<string, string>;
  readonly config: Record<string, unknown>;
  readonly routes: Record<string, unknown>[];
  /** Runs in the data folder. */
  readonly prepare: ((dataDir: string) => void)[];
}

interface Mistake {
  readonly name: string;
  readonly make: (draft: Draft) => void;
  /** What the message says of it. */
  readonly says: RegExp;
  /** In how many lines, where several checks find it. @default 1 */
  readonly lines?: number;
  /** Names of others that hide what this one is about, so that it cannot be known beside them. */
  readonly unknownBeside?: readonly string[];
}

const canary = 'canary-7f3a';
let folder: string;
let taken: Server;
let takenPort = 0;
let written = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-problems-'));
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  takenPort = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  taken.close();
  rmSync(folder, { recursive: true, force: true });
});

const set = (name: string, value: string) => (draft: Draft) => void (draft.variables[name] = value);
const configure = (key: string, value: unknown) => (draft: Draft) => void (draft.config[key] = value);

const mistakes: readonly Mistake[] = [
  { name: 'a port that is none', make: set('PORT', canary), says: /PORT +must be/, unknownBeside: ['a taken port'] },
  { name: 'an unknown variable', make: set('SALLYPORT_TYPO', canary), says: /SALLYPORT_TYPO/ },
  {
    name: 'a short admin token',
    make: set('SALLYPORT_ADMIN_TOKEN', 'short'),
    says: /SALLYPORT_ADMIN_TOKEN +must have/,
  },
  {
    name: 'a file of a secret that is not there',
    make: set('SMS_GATEWAY_TOKEN_FILE', '/nowhere'),
    says: /SMS_GATEWAY_TOKEN_FILE +names a file/,
    unknownBeside: ['an SMS gateway in clear'],
  },
  { name: 'half of a certificate', make: set('SALLYPORT_TLS_CERT_FILE', '/c'), says: /SALLYPORT_TLS_CERT_FILE +and/ },
  {
    name: 'a database of another kind',
    make: set('DATABASE_URL', `mysql://${canary}/x`),
    says: /DATABASE_URL cannot be used: it must begin/,
  },
  {
    name: 'a direct address that is none',
    make: (draft) => {
      draft.variables['DATABASE_URL'] ??= 'postgres://127.0.0.1:9/x';
      draft.variables['DATABASE_DIRECT_URL'] = canary;
    },
    says: /DATABASE_DIRECT_URL cannot be used/,
  },
  { name: 'a Redis that is none', make: set('REDIS_URL', `http://${canary}`), says: /REDIS_URL +has a scheme/ },
  {
    name: 'authorities of Redis that are not there',
    make: (draft) => {
      draft.variables['REDIS_URL'] ??= 'redis://127.0.0.1:9';
      draft.config['redis'] = { caFile: '/nowhere/ca.pem' };
    },
    says: /redis\.caFile/,
  },
  {
    name: 'a weak root secret',
    make: set('SALLYPORT_SECRET', 'a'.repeat(36)),
    says: /SALLYPORT_SECRET cannot be used/,
  },
  {
    name: 'a secret for tokens that no setting asks for',
    make: set('SALLYPORT_TOKEN_SECRET', 'Zt4Nq8Wx1Kd7Rb3Ym9Hc5Vf2Lg6Js0Pa'),
    says: /SALLYPORT_TOKEN_SECRET +is set/,
  },
  { name: 'a mail server of another protocol', make: set('SMTP_URL', 'http://127.0.0.1:9'), says: /SMTP_URL +.*smtp:/ },
  {
    name: 'an SMS gateway in clear',
    make: set('SMS_GATEWAY_URL', 'http://sms.example.test'),
    says: /SMS_GATEWAY_URL +.*https/,
    // Its token is one of them.
    unknownBeside: ['secrets that cannot be fetched'],
  },
  { name: 'an unknown key', make: configure('canary', 1), says: /canary +is not a key/ },
  { name: 'a time that is a word', make: configure('session', { idleSeconds: 'x' }), says: /session\.idleSeconds/ },
  { name: 'HSTS for five seconds', make: configure('hsts', { maxAgeSeconds: 5 }), says: /hsts\.maxAgeSeconds/ },
  { name: 'a proxy that is none', make: configure('trustedProxies', ['everybody']), says: /trustedProxies\.0/ },
  {
    name: 'a route without access',
    make: ({ routes }) => void delete routes[0]?.['access'],
    says: /routes\.0\.access +/,
  },
  {
    name: 'a role with an undeclared permission',
    make: ({ config }) => void (config['policy'] = { permissions: {}, roles: { user: ['order:read'] } }),
    says: /policy\.roles\.user/,
  },
  {
    name: 'a route for an undeclared role',
    make: ({ routes }) => void (routes[1] = { ...routes[1], access: { roles: ['amdin'] } }),
    says: /routes\.1\.access\.roles/,
  },
  { name: 'a page that no route serves', make: configure('pages', { signIn: '/nowhere' }), says: /pages\.signIn/ },
  {
    name: 'a second factor for an undeclared role',
    make: configure('secondFactor', { requiredFor: ['amdin'] }),
    says: /secondFactor\.requiredFor/,
  },
  {
    name: 'a certificate that is not there',
    make: configure('tls', { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' }),
    says: /tls\.certFile +names a file/,
    lines: 2,
    unknownBeside: ['half of a certificate'],
  },
  {
    name: 'a logo that is not there',
    make: ({ config }) => void (config['brand'] = { ...(config['brand'] as object), logo: 'none.svg' }),
    says: /brand\.logo/,
  },
  {
    name: 'a colour that cannot be read',
    make: ({ config }) =>
      void (config['brand'] = {
        ...(config['brand'] as object),
        colors: { dark: { surface: '#101010', accent: '#333333' } },
      }),
    says: /brand\.colors\.dark\.accent/,
    lines: 2,
  },
  {
    name: 'an admin listener on the network',
    make: configure('admin', { host: '0.0.0.0', port: 0 }),
    says: /SALLYPORT_ADMIN_TOKEN +is missing/,
    unknownBeside: ['a short admin token', 'secrets that cannot be fetched'],
  },
  {
    name: 'workers without shared stores',
    make: configure('workers', 2),
    says: /workers +is more than one/,
    unknownBeside: ['secrets that cannot be fetched'],
  },
  {
    name: 'a data folder for everybody',
    make: ({ prepare }) => void prepare.push((dataDir) => chmodSync(dataDir, 0o777)),
    says: /can be written by every user/,
    lines: 2,
    unknownBeside: ['secrets that cannot be fetched'],
  },
  {
    name: 'a damaged file of ended sessions',
    make: ({ prepare }) =>
      void prepare.push((dataDir) => writeFileSync(join(dataDir, 'ended-sessions.log'), 'damaged\n')),
    says: /ended-sessions\.log is damaged/,
    unknownBeside: [
      'secrets that cannot be fetched',
      // Sessions are elsewhere then.
      'a Redis that is none',
      'authorities of Redis that are not there',
    ],
  },
  {
    name: 'secrets that cannot be fetched',
    make: configure('secrets', { from: { command: ['/nowhere/program'] } }),
    says: /secrets\.from\.command/,
  },
  {
    name: 'a taken port',
    make: ({ config }) => void (config['listen'] = { port: takenPort }),
    says: /listen\.port +cannot be used: .*is taken/,
  },
];

describe('one start names both', () => {
  const pairs = mistakes.flatMap((one, index) => mistakes.slice(index + 1).map((other) => [one, other] as const));

  it.each(mistakes.map(({ name }) => ({ name })))(
    '$name, and each other mistake that can be known beside it',
    async ({ name }) => {
      const missed: string[] = [];
      for (const [one, other] of pairs) {
        if (one.name !== name || isUnknown(one, other)) continue;
        const message = await refusalOf([one, other]);
        for (const { name: of, says } of [one, other])
          if (!says.test(message)) missed.push(`${of}, beside ${one.name} and ${other.name}: ${message}`);
        expect(message).not.toContain(canary);
      }
      expect(missed).toEqual([]);
    },
  );
});

describe('one start', () => {
  it('names nothing else than the one mistake', async () => {
    for (const mistake of mistakes) {
      const message = await refusalOf([mistake]);
      const lines = message.split('\n').filter((line) => line.startsWith('  '));
      expect({ name: mistake.name, count: lines.length }).toEqual({ name: mistake.name, count: mistake.lines ?? 1 });
      expect(message).toMatch(mistake.says);
    }
  });

  it('names all mistakes that can stand beside each other, and touches nothing', async () => {
    const all = mistakes.filter(({ name }) => !hidden.has(name));
    const message = await refusalOf(all, (dataDir) => expect(readdirSync(dataDir)).toEqual([]));
    expect(all.filter(({ says }) => !says.test(message)).map(({ name }) => name)).toEqual([]);
  });

  it('starts without a mistake', async () => {
    expect(await refusalOf([])).toBe('');
  });
});

const hidden: ReadonlySet<string> = new Set([
  ...mistakes.filter(({ unknownBeside = [] }) => unknownBeside.length > 0).map(({ name }) => name),
  // The file would be in the data folder.
  'a damaged file of ended sessions',
]);

function isUnknown(one: Mistake, other: Mistake): boolean {
  return [one.unknownBeside?.includes(other.name), other.unknownBeside?.includes(one.name)].includes(true);
}

/** What a start says of a deployment with these mistakes. */
async function refusalOf(made: readonly Mistake[], look: (dataDir: string) => void = () => {}): Promise<string> {
  written += 1;
  const dataDir = join(folder, `data-${written}`);
  mkdirSync(dataDir, { mode: 0o700 });
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const draft: Draft = {
    variables: { SMTP_URL: 'smtp://127.0.0.1:9', SALLYPORT_DATA_DIR: dataDir },
    config: {
      publicUrl: 'https://app.example.test',
      listen: { port: 0 },
      mail: { from: 'Acme <no-reply@example.test>' },
      policy: { permissions: {}, roles: { user: [] } },
      brand: { name: 'Acme' },
    },
    routes: [route, { ...route, name: 'web', prefix: '/web', audience: 'web' }],
    prepare: [],
  };
  for (const { make } of made) make(draft);
  for (const step of draft.prepare) step(dataDir);
  const file = `sallyport-${written}.config.mjs`;
  writeFileSync(join(folder, file), `export default ${JSON.stringify({ ...draft.config, routes: draft.routes })};\n`);
  try {
    const place = { variables: draft.variables, workingFolder: folder, configFile: file };
    const deployment = await loadDeployment(place, firstStartChecks);
    await requireStart(firstStartChecks, deployment, silentLogger);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  } finally {
    look(dataDir);
  }
}
