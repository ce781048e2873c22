import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'pg';
import { startGatewayStandIn, type GatewayStandIn } from './gateway-stand-in.test-support.ts';
import { createVisitor, type Visitor } from './http-visitor.test-support.ts';
import { freePort, startShellProcess, type ShellProcess } from './shell-processes.test-support.ts';
import { startTestIssuer, testClient, type TestIssuer, type TestIssuerOptions } from './test-issuer.test-support.ts';

/** A provider, a gateway and shells on it, all over real connections. */
export interface ShellSystem {
  readonly shellUrl: string;
  readonly issuer: TestIssuer;
  readonly gateway: GatewayStandIn;
  readonly shells: readonly ShellProcess[];
  openVisitor(): Visitor;
  /** Signs in a new visitor, who then stands on a page of a zone. */
  signIn(): Promise<Visitor>;
  close(): Promise<void>;
}

/** What a shell keeps its tokens in. */
export type StoreName = 'vault on SQLite' | 'vault on PostgreSQL' | 'cookies';

export interface ShellSystemOptions extends Omit<TestIssuerOptions, 'shellUrl'> {
  readonly store: StoreName;
  /** @default 1 */
  readonly processes?: 1 | 2;
  readonly environment?: Readonly<Record<string, string>>;
}

const postgresUrl = process.env['TEST_POSTGRES_URL'] ?? '';

/** The stores that can be tested here. */
export const stores: readonly StoreName[] = [
  'vault on SQLite',
  ...(postgresUrl === '' ? [] : (['vault on PostgreSQL'] as const)),
  'cookies',
];

/** Starts everything. The first process has the address that browsers know. */
export async function startShellSystem(options: ShellSystemOptions): Promise<ShellSystem> {
  const { store, processes = 1, environment = {}, ...ofIssuer } = options;
  const ports = await Promise.all(Array.from({ length: processes }, freePort));
  const shellUrl = `http://127.0.0.1:${ports[0] ?? 0}`;
  const [issuer, gateway, database] = await Promise.all([
    startTestIssuer({ ...ofIssuer, shellUrl }),
    startGatewayStandIn(),
    openDatabase(store),
  ]);
  const shells = await Promise.all(
    ports.map((port) =>
      startShellProcess({
        shellUrl,
        port,
        issuer: issuer.url,
        gatewayUrl: gateway.url,
        storage: store === 'cookies' ? 'cookie' : 'vault',
        databaseUrl: database.url,
        clientSecret: testClient.secret,
        environment,
      }),
    ),
  );
  const openVisitor = (): Visitor => createVisitor(shellUrl);
  return {
    shellUrl,
    issuer,
    gateway,
    shells,
    openVisitor,
    async signIn() {
      const visitor = openVisitor();
      const { url, text } = await visitor.visit(`${shellUrl}/auth/sign-in?returnTo=/account`);
      if (url !== `${shellUrl}/account`) throw new Error(`the sign-in ended at ${url}: ${text}\n${shells[0]?.log()}`);
      return visitor;
    },
    async close() {
      await Promise.all(shells.map((shell) => shell.kill()));
      await Promise.all([issuer.close(), gateway.close()]);
      await database.remove();
    },
  };
}

interface TestDatabase {
  readonly url: string | undefined;
  remove(): Promise<void>;
}

async function openDatabase(store: StoreName): Promise<TestDatabase> {
  if (store === 'vault on PostgreSQL') return openSchema();
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-shell-'));
  // Two processes with cookies share what ended, as a deployment of two does.
  return {
    url: `sqlite:${path.join(folder, 'shell.db')}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function openSchema(): Promise<TestDatabase> {
  const schema = `shell_${randomBytes(6).toString('hex')}`;
  const url = new URL(postgresUrl);
  if (url.pathname.length < 2) url.pathname = '/postgres';
  const pool = new Pool({ connectionString: url.href, max: 1 });
  await pool.query(`CREATE SCHEMA ${schema}`);
  url.searchParams.set('options', `-c search_path=${schema}`);
  return {
    url: url.href,
    async remove() {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}
