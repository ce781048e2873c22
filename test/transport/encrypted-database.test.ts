import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openPostgres, waitForDatabase, type PostgresDatabase } from '@sallyport/stores';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';
import { findPostgresProgram, findUnprivilegedUser, startPostgres } from '../../tools/test-servers/postgres.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const isAbsent = findPostgresProgram('postgres') === undefined;
const name = 'db.example.test';
/** A multicast group for documentation (RFC 6676): TCP to it is refused by the kernel, so no network has a say. */
const publicAddress = { address: '233.252.0.7', family: 4 };
const loopback = { address: '127.0.0.1', family: 4 };

describe.skipIf(isAbsent)('a connection to a PostgreSQL with certificates [postgres]', () => {
  let folder: string;
  let caFile: string;
  let encrypted: RunningServer;
  let plain: RunningServer;
  const opened: PostgresDatabase[] = [];
  const authorities = getCACertificates();
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-encrypted-'));
    const made = await createTestAuthority(folder, { names: { dns: [name], ip: [] } });
    caFile = made.caFile;
    const owner = findUnprivilegedUser();
    if (typeof owner === 'object')
      for (const file of [folder, made.certFile, made.keyFile]) chownSync(file, owner.uid, owner.gid);
    const certificate = [`--ssl_cert_file=${made.certFile}`, `--ssl_key_file=${made.keyFile}`];
    encrypted = await start(['--ssl=on', ...certificate]);
    plain = await start([]);
  });
  afterEach(async () => {
    setDefaultCACertificates(authorities);
    for (const database of opened.splice(0)) await database.close();
  });
  afterAll(async () => {
    await encrypted.stop();
    await plain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (server: RunningServer, query: string, ...answers: readonly (typeof loopback)[][]): PostgresDatabase => {
    const url = new URL(server.url);
    url.hostname = name;
    url.search = query;
    const left = [...answers];
    const resolve = () => Promise.resolve(left.length > 1 ? (left.shift() ?? []) : (left[0] ?? []));
    const database = openPostgres({ url: url.href, resolve });
    opened.push(database);
    return database;
  };
  const isEncrypted = async ({ pool }: PostgresDatabase): Promise<unknown> => {
    const connection = await pool.connect();
    const { rows } = await connection.query<{ ssl: boolean }>(
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    connection.release(true);
    return rows[0]?.ssl;
  };
  const trust = (): void => setDefaultCACertificates([...authorities, readFileSync(caFile, 'utf8')]);
  const refusal = (database: PostgresDatabase): Promise<unknown> =>
    waitForDatabase(database, { maximumMilliseconds: 0 }).then(
      () => 'let in',
      (error: unknown) => String(error),
    );

  it('is plain text without sslmode where its name leads to private addresses alone', async () => {
    expect(await isEncrypted(open(encrypted, '', [loopback]))).toBe(false);
    expect(await isEncrypted(open(plain, '', [loopback]))).toBe(false);
  });

  it('is encrypted and verified without sslmode where its name leads to a public address as well', async () => {
    trust();
    expect(await isEncrypted(open(encrypted, '', [publicAddress, loopback]))).toBe(true);
  });

  it('is refused by name without sslmode where a public server offers no encryption', async () => {
    expect(await refusal(open(plain, '', [publicAddress, loopback]))).toMatch(/offers no encryption.*sslmode=disable/);
  });

  it('is refused by name without sslmode where the authority of a public server is not known', async () => {
    const database = open(encrypted, '', [publicAddress, loopback]);
    expect(await refusal(database)).toMatch(/cannot be verified.*sslrootcert/);
  });

  it('is refused by name when a name that led to private addresses leads to a public one', async () => {
    const database = open(plain, '', [loopback], [loopback], [publicAddress, loopback]);
    expect(await isEncrypted(database)).toBe(false);
    expect(await refusal(database)).toMatch(/leads to a public address/);
  });

  it.each(['require', 'verify-ca', 'verify-full'])('verifies host and authority with sslmode=%s', async (mode) => {
    expect(await refusal(open(encrypted, `sslmode=${mode}`, [loopback]))).toMatch(/cannot be verified/);
    const query = `sslmode=${mode}&sslrootcert=${encodeURIComponent(caFile)}`;
    expect(await isEncrypted(open(encrypted, query, [loopback]))).toBe(true);
    expect(await refusal(open(plain, query, [loopback]))).toMatch(/offers no encryption/);
    const url = new URL(encrypted.url);
    url.search = query;
    const byAddress = openPostgres({ url: url.href });
    opened.push(byAddress);
    expect(await refusal(byAddress)).toMatch(/must be for the host/);
  });

  it('is plain text to a public address with sslmode=disable alone', async () => {
    expect(await isEncrypted(open(encrypted, 'sslmode=disable', [publicAddress, loopback]))).toBe(false);
  });
});

async function start(postgresArguments: readonly string[]): Promise<RunningServer> {
  const server = await startPostgres({ postgresArguments });
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}
