import { randomBytes } from 'node:crypto';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { recordModels } from '@sallyport/core';

export interface ManySessionsOptions {
  readonly database: DatabaseSync;
  readonly stored: number;
  /** How many of them are used: tokens are made for these only. */
  readonly hot: number;
  readonly hashToken: (token: string) => string;
}

type Row = Readonly<Record<string, SQLInputValue>>;

const sessionsPerUser = 4;

/**
 * Fills the database with users and sessions like the one that is there already, and gives back the tokens of those that
 * are used. They go past the stores, in one transaction: a million in seconds, where sign-ins would take a day.
 */
export function storeManySessions({ database, stored, hot, hashToken }: ManySessionsOptions): readonly string[] {
  // The database is not in use yet, so it need not survive a crash. A small cache would write the pages of each index
  // again and again.
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN');
  const addUser = copier(database, 'user');
  const users = Array.from({ length: Math.ceil(stored / sessionsPerUser) }, (_, index) => {
    const id = randomBytes(12).toString('hex');
    addUser({ id, email: `user-${index}@example.com` });
    return id;
  });
  const addSession = copier(database, recordModels.session);
  const tokens: string[] = [];
  for (let index = 0; index < stored; index += 1) {
    const token = randomText(32);
    // Those that are used are spread over the whole table.
    const isHot = index % Math.floor(stored / hot) === 0 && tokens.length < hot;
    if (isHot) tokens.push(token);
    addSession({
      id: randomBytes(12).toString('hex'),
      sid: randomText(16),
      tokenHash: isHot ? hashToken(token) : randomText(32),
      subject: users[index % users.length] ?? '',
    });
  }
  database.exec('COMMIT; PRAGMA synchronous = FULL; PRAGMA cache_size = -2000; PRAGMA wal_checkpoint(TRUNCATE)');
  return tokens;
}

/** Builds what adds a row like the first of a table, but for some values. */
function copier(database: DatabaseSync, table: string): (values: Row) => void {
  const like = database.prepare(`SELECT * FROM "${table}"`).get();
  if (like === undefined) throw new TypeError(`there is nothing in ${table} to be like`);
  const columns = Object.keys(like);
  const insert = database.prepare(
    `INSERT INTO "${table}" (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return (values) => void insert.run(...columns.map((name) => values[name] ?? like[name] ?? null));
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
