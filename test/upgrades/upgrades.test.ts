import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { runOnPostgres } from '../processes/run-on-postgres.ts';
import { clockShiftFor, copyDataFolder, fixtureNames, readDump, readFixture } from './fixture-copy.ts';
import { fixtureStores } from './fixture.ts';
import { storedChecks } from './stored-checks.ts';
import { startStoredGateway, type StoredGateway } from './stored-gateway.ts';

const serverUrl = process.env['TEST_POSTGRES_URL'] ?? '';

describe.each(
  fixtureNames.flatMap((made) => fixtureStores.map((store) => ({ made, store, hasServer: serverUrl !== '' }))),
)('an upgrade of what was stored on $made [$store]', ({ made, store, hasServer }) => {
  const isSkipped = store === 'postgres' && !hasServer;
  const fixture = readFixture(made, store);
  const clockShiftMilliseconds = clockShiftFor(fixture);
  let data: { readonly folder: string; remove(): void };
  let gateway: StoredGateway;
  let database: { readonly url: string; drop(): Promise<void> } | undefined;

  beforeAll(async () => {
    if (isSkipped) return;
    data = store === 'embedded' ? copyDataFolder(made) : emptyFolder();
    if (store === 'postgres') database = await restore(readDump(made));
    const { secret } = fixture;
    gateway = await startStoredGateway({
      dataDir: data.folder,
      secret,
      databaseUrl: database?.url,
      clockShiftMilliseconds,
    });
  });
  afterAll(async () => {
    if (isSkipped) return;
    await gateway.stop();
    await database?.drop();
    data.remove();
  });

  it.skipIf(isSkipped).each(storedChecks)('$name', ({ check }) => check({ gateway, fixture, clockShiftMilliseconds }));
});

function emptyFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-upgrade-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function restore(dump: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  if (url.pathname.length < 2) url.pathname = '/postgres';
  const server = url.href;
  await runOnPostgres(server, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  await runOnPostgres(url.href, dump);
  return { url: url.href, drop: async () => void (await runOnPostgres(server, `DROP DATABASE ${name} WITH (FORCE)`)) };
}
