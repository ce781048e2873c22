import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { callbackify, promisify } from 'node:util';
import { silentLogger } from '@sallyport/core';
import { createClosing, openIdentity, openStores, parseConfig, readEnvironment } from '@sallyport/server';
import type { Identity } from '@sallyport/identity';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { findPostgresProgram, startPostgres } from '../../tools/test-servers/postgres.ts';
import { fixtureStores, type Fixture, type FixtureStore } from './fixture.ts';
import {
  configurationOf,
  environmentOf,
  signWebhook,
  startStoredGateway,
  totpCode,
  type Answer,
  type StoredGateway,
} from './stored-gateway.ts';

/* Writes what a gateway of today stores. Its argument is the name of the folder under fixtures/. */

const run = promisify(execFile);
const password = 'correct horse battery staple';
const vendorEmail = 'ada@example.test';
const twoStepsEmail = 'grace@example.test';
const importedEmail = 'barbara@example.test';
const suspendedEmail = 'mallory@example.test';
const returnedEmail = 'radia@example.test';
// bcrypt of the password above, cost 6.
const bcryptHash = '$2b$06$N4lC0ASOw2l7ruUoHIptc.JQb/ncbyvMcAClz2AdYAxdzfVP5xtPO';

const [, , name = ''] = process.argv;
if (!/^[\w.-]+$/.test(name)) throw new TypeError('name the fixture: npm run fixture:upgrade -- 2026-01-31');
for (const store of fixtureStores) await makeFixture(store, path.join(import.meta.dirname, 'fixtures', name, store));

async function makeFixture(store: FixtureStore, target: string): Promise<void> {
  const closing = createClosing();
  try {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'sallyport-fixture-'));
    closing.push(() => rm(dataDir, { recursive: true, force: true }));
    const postgres = store === 'postgres' ? await startPostgres() : undefined;
    if (postgres?.kind === 'absent') throw new Error(postgres.reason);
    if (postgres !== undefined) closing.push(() => postgres.stop());
    const mails: string[] = [];
    const smtp = await startSmtp(mails);
    closing.push(() => smtp.close());
    const secret = randomBytes(32).toString('base64url');
    const databaseUrl = postgres?.url;

    const { vendorId, oauthClient } = await createAccounts(dataDir, { secret, databaseUrl });
    const gateway = await startStoredGateway({ dataDir, secret, databaseUrl, smtpUrl: smtp.url });
    closing.push(() => gateway.stop());
    const fixture = { ...(await use(gateway, { secret, vendorId, mails })), oauthClient };
    await gateway.stop();

    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    const isKept = (file: string) => path.basename(file) !== 'in-use.lock';
    if (postgres === undefined) await cp(dataDir, path.join(target, 'data'), { recursive: true, filter: isKept });
    else await writeFile(path.join(target, 'dump.sql'), await dump(postgres.url));
    await writeFile(path.join(target, 'fixture.json'), `${JSON.stringify(fixture, undefined, 2)}\n`);
  } finally {
    await closing.close();
  }
}

async function createAccounts(
  dataDir: string,
  keptIn: { readonly secret: string; readonly databaseUrl: string | undefined },
): Promise<{ readonly vendorId: string; readonly oauthClient: Fixture['oauthClient'] }> {
  const opened = createClosing();
  try {
    const config = parseConfig(configurationOf(dataDir, [4001, 4002], 'http://127.0.0.1:4003'), 'fixture');
    const environment = readEnvironment(environmentOf(keptIn));
    const stores = await openStores({ config, environment, logger: silentLogger, closing: opened });
    const mailer = { send: () => Promise.resolve() };
    const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
    opened.push(() => identity.close());
    const { accounts } = identity;
    const vendor = { name: 'Ada', email: vendorEmail, password, roles: ['vendor'], emailVerified: true };
    const { id } = await accounts.createUser(vendor);
    await accounts.createUser({ name: 'Grace', email: twoStepsEmail, password, roles: ['user'], emailVerified: true });
    const imported = { name: 'Barbara', email: importedEmail, roles: ['user'], emailVerified: true };
    await accounts.importUsers([{ ...imported, passwordHash: bcryptHash }]);
    await banUntil(accounts, suspendedEmail, 86_400);
    await banUntil(accounts, returnedEmail, 20);
    return { vendorId: id, oauthClient: await registerClient(identity) };
  } finally {
    await opened.close();
  }
}

async function registerClient({ operations }: Pick<Identity, 'operations'>): Promise<Fixture['oauthClient']> {
  const registration = {
    name: 'Nightly job',
    authentication: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    scopes: ['product:read'],
  };
  const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };
  const create = operations.find((one) => one.name === 'oauth-clients/create');
  const made = (await create?.run(registration, operator)) as { client: { id: string }; secret: string };
  return { id: made.client.id, secret: made.secret };
}

async function banUntil(accounts: Identity['accounts'], email: string, seconds: number): Promise<void> {
  const { id } = await accounts.createUser({ name: 'Banned', email, password, roles: ['user'], emailVerified: true });
  const until = new Date(Date.now() + seconds * 1000);
  await accounts.setBanned(id, { until, reason: 'Reported by a customer' });
}

/** Signs in, sets a second factor up, asks for a link, makes a key: what people and programs do before an upgrade. */
async function use(
  gateway: StoredGateway,
  { secret, vendorId, mails }: { readonly secret: string; readonly vendorId: string; readonly mails: string[] },
): Promise<Fixture> {
  const cookie = await signIn(gateway, vendorEmail);
  const { session } = (await gateway.ask('/auth/session', { cookie })).body as { session: { sid: string } };
  const { token } = (await gateway.ask('/api/echo', { cookie })).body as { token: string };

  const twoSteps = await signIn(gateway, twoStepsEmail);
  const started = requireOk(await gateway.ask('/auth/second-factor/totp/start', { cookie: twoSteps, json: {} }));
  const { secret: totpSecret } = started.body as { secret: string };
  const code = totpCode(totpSecret, Date.now() - 30_000);
  const confirmed = requireOk(
    await gateway.ask('/auth/second-factor/totp/confirm', { cookie: twoSteps, json: { code } }),
  );
  const { recoveryCodes } = confirmed.body as { recoveryCodes: readonly string[] };

  const key = requireOk(
    await gateway.ask('/auth/api-keys', { cookie, json: { name: 'Nightly export', scopes: ['product:read'] } }),
  );
  const program = requireOk(
    await gateway.ask('/auth/token', { json: { email: vendorEmail, password, device: 'Terminal' } }),
  );
  const body = { type: 'invoice.paid' };
  const headers = signWebhook('msg_fixture', body, Date.now());
  requireOk(await gateway.ask('/hook', { headers, json: body }));

  requireOk(await gateway.ask('/auth/request-password-reset', { json: { email: vendorEmail } }));
  const { keys } = await gateway.keys();
  return {
    madeAt: new Date().toISOString(),
    secret,
    password,
    accounts: {
      vendor: { id: vendorId, email: vendorEmail },
      twoSteps: { email: twoStepsEmail, totpSecret, recoveryCode: recoveryCodes[0] ?? '' },
      imported: { email: importedEmail },
      suspended: { email: suspendedEmail },
      returned: { email: returnedEmail },
    },
    session: { cookie, sid: session.sid },
    resetToken: await mailedToken(mails),
    keys,
    token,
    apiKey: String(key.body['secret']),
    refreshToken: String(program.body['refresh_token']),
    delivery: { headers, body },
  };
}

async function signIn(gateway: StoredGateway, email: string): Promise<string> {
  const { cookies } = requireOk(await gateway.ask('/auth/sign-in/email', { json: { email, password } }));
  return cookies.join('; ');
}

function requireOk(answer: Answer): Answer {
  if (answer.status !== 200 && answer.status !== 201)
    throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

async function mailedToken(mails: readonly string[]): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const token = mails
      .map((text) => /\/(?:auth\/reset|reset-password)\?token=([\w-]+)/.exec(text)?.[1])
      .find((one) => one !== undefined);
    if (token !== undefined) return token;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no link was mailed');
}

async function startSmtp(mails: string[]): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: callbackify(async (stream: Readable, _session: SMTPServerSession) => {
      const chunks = (await stream.toArray()) as readonly Buffer[]; // A stream of bytes.
      mails.push((await PostalMime.parse(Buffer.concat(chunks))).text ?? '');
    }),
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}

/** Plain SQL that any client can run: without the commands of psql, and settings that older servers do not know. */
async function dump(url: string): Promise<string> {
  const program = findPostgresProgram('pg_dump');
  if (program === undefined) throw new Error('pg_dump is missing where PostgreSQL is');
  const { stdout } = await run(program, ['--inserts', '--no-owner', '--no-privileges', `--dbname=${url}`]);
  return stdout
    .split('\n')
    .filter((line) => !/^(?:\\|SET |--|$)/.test(line))
    .join('\n');
}
