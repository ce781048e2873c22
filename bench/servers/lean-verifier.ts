import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { internalTokenType } from '@sallyport/core';
import { createStandInKeyRing } from './stand-in-key-ring.ts';
import type { Verifier } from './verifier.ts';

const publicUrl = 'http://localhost:3000';
const rememberedMilliseconds = 30_000;
const tokenSeconds = 60;

interface Caller {
  readonly userId: string;
  readonly role: string;
}

interface Allowance extends Caller {
  readonly authorization: string;
  readonly goodUntil: number;
}

/**
 * A verifier as small as one can write it: the session is looked up in a database, which is in memory, each time or every
 * thirty seconds; a token is signed once per session and half a minute.
 */
export function createLeanVerifier(remembersSessions: boolean): Verifier {
  const token = randomBytes(32).toString('base64url');
  const database = new DatabaseSync(':memory:');
  database.exec(
    'CREATE TABLE session (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL, expires_at INTEGER NOT NULL)',
  );
  database.exec('CREATE TABLE user (id TEXT PRIMARY KEY, role TEXT NOT NULL, is_banned INTEGER NOT NULL)');
  const someUser = randomUUID();
  database.prepare('INSERT INTO user VALUES (?, ?, 0)').run(someUser, 'vendor');
  database.prepare('INSERT INTO session VALUES (?, ?, ?)').run(hashOf(token), someUser, Date.now() + 86_400_000);
  const findSession = database.prepare(
    'SELECT user.id, user.role FROM session JOIN user ON user.id = session.user_id ' +
      'WHERE token_hash = ? AND expires_at > ? AND is_banned = 0',
  );

  const keyRing = createStandInKeyRing();
  const allowances = new Map<string, Allowance>();
  let storeReads = 0;

  const service = createServer((request, response) => {
    const presented = /(?:^|; )sallyport-3000=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (presented === undefined) return refuse(response);
    const now = Date.now();
    const known = allowances.get(presented);
    const isGood = known !== undefined && now < known.goodUntil;
    if (isGood && remembersSessions) return allow(response, known);
    const caller = lookUp(presented, now);
    if (caller === undefined) return refuse(response);
    if (isGood) return allow(response, known);
    const allowance = sign(caller, now);
    allowances.set(presented, allowance);
    allow(response, allowance);
  });

  function lookUp(presented: string, now: number): Caller | undefined {
    storeReads += 1;
    const row = findSession.get(hashOf(presented), now);
    return row === undefined ? undefined : { userId: String(row['id']), role: String(row['role']) };
  }

  function sign({ userId, role }: Caller, now: number): Allowance {
    const iat = Math.floor(now / 1000);
    const claims = {
      iss: publicUrl,
      aud: 'shop',
      sub: userId,
      roles: [role],
      sid: 'ses_benchmark',
      jti: randomUUID(),
      iat,
      exp: iat + tokenSeconds,
    };
    const jwt = keyRing.sign('internal', internalTokenType, claims);
    return { userId, role, authorization: `Bearer ${jwt}`, goodUntil: now + rememberedMilliseconds };
  }

  return {
    server: service,
    cookie: `sallyport-3000=${token}`,
    counters: () => ({ 'store reads': storeReads, signatures: keyRing.signatureCount }),
  };
}

function hashOf(presented: string): string {
  return createHash('sha256').update(presented).digest('base64url');
}

function allow(response: ServerResponse, { authorization, userId }: Allowance): void {
  response.writeHead(204, { authorization, 'x-user-id': userId }).end();
}

function refuse(response: ServerResponse): void {
  response.writeHead(401).end();
}
