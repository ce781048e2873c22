import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openPostgres } from '@sallyport/stores';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureStores, type Fixture } from './fixture.ts';
import { startStoredGateway, totpCode, type StoredGateway } from './stored-gateway.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const serverUrl = process.env['TEST_POSTGRES_URL'] ?? '';

describe.each(
  readdirSync(fixtures).flatMap((made) => fixtureStores.map((store) => ({ made, store, hasServer: serverUrl !== '' }))),
)('the code of today on what was stored on $made [$store]', ({ made, store, hasServer }) => {
  const isSkipped = store === 'postgres' && !hasServer;
  const source = path.join(fixtures, made, store);
  const fixture = JSON.parse(readFileSync(path.join(source, 'fixture.json'), 'utf8')) as Fixture; // By make-fixture.ts.
  const { accounts, session, password } = fixture;
  const clockShiftMilliseconds = Date.parse(fixture.madeAt) + 60_000 - Date.now();
  let folder: string;
  let gateway: StoredGateway;
  let database: { readonly url: string; drop(): Promise<void> } | undefined;

  beforeAll(async () => {
    if (isSkipped) return;
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-upgrade-'));
    if (store === 'embedded') copyPrivately(path.join(source, 'data'), folder);
    else database = await restore(readFileSync(path.join(source, 'dump.sql'), 'utf8'));
    const { secret } = fixture;
    gateway = await startStoredGateway({ dataDir: folder, secret, databaseUrl: database?.url, clockShiftMilliseconds });
  });
  afterAll(async () => {
    if (isSkipped) return;
    await gateway.stop();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.skipIf(isSkipped)('leaves a browser signed in, with its session and role', async () => {
    const answer = await gateway.ask('/auth/session', { cookie: session.cookie });
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'signed-in', user: { id: accounts.vendor.id, roles: ['vendor'] }, session: { sid: session.sid } },
    });
  });

  it.skipIf(isSkipped)('publishes the stored keys and signs with them', async () => {
    const known = createLocalJWKSet({ keys: fixture.keys } as JSONWebKeySet);
    const { body } = await gateway.ask('/api/echo', { cookie: session.cookie });
    const currentDate = new Date(Date.now() + clockShiftMilliseconds);
    const { payload } = await jwtVerify(String(body['token']), known, { audience: 'echo', currentDate });
    expect(payload).toMatchObject({ sid: session.sid, roles: ['vendor'], scope: 'product:read product:create' });

    const published = createLocalJWKSet(await gateway.keys());
    const madeThen = { audience: 'echo', currentDate: new Date(fixture.madeAt) };
    await expect(jwtVerify(fixture.token, published, madeThen)).resolves.toMatchObject({ payload: { aud: 'echo' } });
  });

  it.skipIf(isSkipped).each([
    { hash: 'its own', email: accounts.vendor.email },
    { hash: 'an imported bcrypt', email: accounts.imported.email },
  ])('accepts a password against $hash hash', async ({ email }) => {
    const answer = await gateway.ask('/auth/sign-in/email', { json: { email, password } });
    expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
  });

  it.skipIf(isSkipped)('demands the second factor and accepts the code of the app', async () => {
    const cookie = await beginSecondStep();
    const now = Date.now() + clockShiftMilliseconds;
    const json = { method: 'totp', code: totpCode(accounts.twoSteps.totpSecret, now) };
    const answer = await gateway.ask('/auth/second-factor/verify', { cookie, json });
    expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
  });

  it.skipIf(isSkipped)('accepts a recovery code', async () => {
    const cookie = await beginSecondStep();
    const json = { method: 'recovery-code', code: accounts.twoSteps.recoveryCode };
    const answer = await gateway.ask('/auth/second-factor/verify', { cookie, json });
    expect(answer).toMatchObject({ status: 200, body: { status: 'signed-in' } });
  });

  // The last of them: it ends every session of the account.
  it.skipIf(isSkipped)('accepts a link for a new password that was mailed before', async () => {
    const json = { token: fixture.resetToken, newPassword: 'another horse, another battery' };
    expect((await gateway.ask('/auth/reset-password', { json })).status).toBe(200);
    const answer = await gateway.ask('/auth/session', { cookie: session.cookie });
    expect(answer.body).toMatchObject({ status: 'signed-out' });
  });

  async function beginSecondStep(): Promise<string> {
    const answer = await gateway.ask('/auth/sign-in/email', { json: { email: accounts.twoSteps.email, password } });
    expect(answer).toMatchObject({ status: 200, body: { status: 'second-factor-required' } });
    return answer.cookies.join('; ');
  }
});

/** Git does not store that only the owner may read. */
function copyPrivately(source: string, target: string): void {
  cpSync(source, target, { recursive: true });
  for (const name of readdirSync(target)) chmodSync(path.join(target, name), 0o600);
}

async function restore(dump: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  if (url.pathname.length < 2) url.pathname = '/postgres';
  const server = url.href;
  await runOnPostgres(server, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  await runOnPostgres(url.href, dump);
  return { url: url.href, drop: () => runOnPostgres(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function runOnPostgres(url: string, statements: string): Promise<void> {
  const database = openPostgres({ url });
  const connection = await database.dedicated.connect();
  try {
    await connection.query(statements);
  } finally {
    connection.release(true);
    await database.close();
  }
}
