import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Fixture, FixtureStore } from './fixture.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures');

/** Names of the fixtures: the days on which they were made, and what was new where there are two of a day. */
export const fixtureNames: readonly string[] = readdirSync(fixtures);

/** What is known of a fixture besides its data. */
export function readFixture(name: string, store: FixtureStore): Fixture {
  return JSON.parse(readFileSync(path.join(fixtures, name, store, 'fixture.json'), 'utf8')) as Fixture; // By make-fixture.ts.
}

/** The dump of a fixture on PostgreSQL. */
export function readDump(name: string): string {
  return readFileSync(path.join(fixtures, name, 'postgres', 'dump.sql'), 'utf8');
}

/** How far the clock of a gateway has to be ahead for the fixture to be a minute old. */
export function clockShiftFor({ madeAt }: Fixture): number {
  return Date.parse(madeAt) + 60_000 - Date.now();
}

/** A scratch copy of the data folder of a fixture. */
export function copyDataFolder(name: string): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-upgrade-'));
  cpSync(path.join(fixtures, name, 'embedded', 'data'), folder, { recursive: true });
  // Git does not store that only the owner may read.
  for (const file of readdirSync(folder)) chmodSync(path.join(folder, file), 0o600);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
