import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePolicy, type SessionDirectory } from '@sallyport/core';
import { createGateway } from '@sallyport/gateway';
import { createIdentity, openIdentityDatabase } from '@sallyport/identity';
import {
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  loadRootSecret,
  openEmbeddedDatabase,
  openKeyRing,
  storeTables,
} from '@sallyport/stores';
import { createIdentityMount } from '@sallyport/server';
import { gatewayRoutes } from './gateway-routes.ts';
import { storeManySessions } from './many-sessions.ts';
import { readServerSettings, reportServer } from './server-report.ts';

/* The gateway with everything behind it: identity, sessions and keys in a SQLite file, and a user who signed in. */

const publicUrl = 'http://localhost:3000';
const { upstreamPort, isBehindProxy = false, presentsAccessToken = false, sessions } = readServerSettings();
const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
process.once('exit', () => {
  rmSync(dataDir, { recursive: true, force: true });
});

const sealerFor = createSealer(loadRootSecret({ dataDir }));
const file = openEmbeddedDatabase({ file: join(dataDir, 'sallyport.db') });
const database = await openIdentityDatabase({
  database: { kind: 'sqlite', database: file },
  tables: storeTables,
});
const keyRing = await openKeyRing({
  records: database.records,
  sealer: sealerFor('key-ring'),
  uses: ['internal', 'client'],
});
const bus = createInProcessBus();
const identity = await createIdentity({
  publicUrl,
  database,
  sessions: createRecordSessionStore(database.records),
  sealerFor,
  keyRing,
  bus,
  features: presentsAccessToken ? { firstPartyTokens: { accessMinutes: 15 } } : {},
  counters: createInProcessCounters(),
  mailer: { send: () => Promise.resolve() },
  policy: definePolicy({
    permissions: { 'product:read': 'List and read products', 'product:create': 'Create products' },
    roles: { user: ['product:read'], vendor: ['product:read', 'product:create'] },
  }),
});

let storeReads = 0;
let activityWrites = 0;
const counted: SessionDirectory = {
  byToken(token) {
    storeReads += 1;
    return identity.directory.byToken(token);
  },
  bySid(sid) {
    storeReads += 1;
    return identity.directory.bySid(sid);
  },
  recordActivity(sid, at) {
    activityWrites += 1;
    return identity.directory.recordActivity(sid, at);
  },
};

const gateway = createGateway({
  publicUrl,
  routes: gatewayRoutes(upstreamPort).map((route) =>
    presentsAccessToken && route.name === 'shop' ? { ...route, credentials: ['session', 'bearer'] } : route,
  ),
  authenticators: identity.authenticators,
  mounts: [createIdentityMount(identity.app)],
  sessions: counted,
  keyRing,
  bus,
  accessLog: false,
  trustedProxies: isBehindProxy ? ['127.0.0.1'] : [],
});
const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });

const account = { email: 'ada@example.com', password: randomBytes(18).toString('base64url') };
await identity.accounts.createUser({ name: 'Ada', ...account, roles: ['vendor'], emailVerified: true });
const cookie = await signIn();
const accessToken = presentsAccessToken ? await takeAccessToken() : undefined;
const [cookieName = ''] = cookie.split('=', 1);
const tokenSealer = sealerFor('session-token');
const hashToken = (token: string): string => tokenSealer.hash(token);
const tokens = sessions === undefined ? undefined : storeManySessions({ database: file, hashToken, ...sessions });

reportServer({
  port,
  cookie,
  ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
  ...(tokens === undefined ? {} : { cookies: tokens.map((token) => `${cookieName}=${token}`) }),
  counters: () => ({
    'store reads': storeReads,
    'activity writes': activityWrites,
    signatures: keyRing.signatureCount,
  }),
});

async function signIn(): Promise<string> {
  const answer = await post('/auth/sign-in/email');
  const cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0];
  if (cookie === undefined) throw new Error(`signing in was answered with ${answer.status}`);
  return cookie;
}

async function takeAccessToken(): Promise<string> {
  const answer = await post('/auth/token');
  const { access_token } = (await answer.json()) as { readonly access_token?: string };
  if (access_token === undefined) throw new Error(`the token was answered with ${answer.status}`);
  return access_token;
}

async function post(path: string): Promise<Response> {
  const request = new Request(publicUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: publicUrl },
    body: JSON.stringify(account),
  });
  const context = { requestId: 'benchmark', clientAddress: '127.0.0.1', caller: { kind: 'anonymous' } } as const;
  return identity.app.fetch(request, { context });
}
