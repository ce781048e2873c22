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
const { upstreamPort, isBehindProxy = false, sessions } = readServerSettings();
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
const keyRing = await openKeyRing({ records: database.records, sealer: sealerFor('key-ring') });
const bus = createInProcessBus();
const identity = await createIdentity({
  publicUrl,
  database,
  sessions: createRecordSessionStore(database.records),
  sealerFor,
  bus,
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
  routes: gatewayRoutes(upstreamPort),
  mounts: [createIdentityMount(identity.app)],
  sessions: counted,
  keyRing,
  bus,
  accessLog: false,
  trustedProxies: isBehindProxy ? ['127.0.0.1'] : [],
});
const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });

const cookie = await signIn();
const [cookieName = ''] = cookie.split('=', 1);
const tokenSealer = sealerFor('session-token');
const hashToken = (token: string): string => tokenSealer.hash(token);
const tokens = sessions === undefined ? undefined : storeManySessions({ database: file, hashToken, ...sessions });

reportServer({
  port,
  cookie,
  ...(tokens === undefined ? {} : { cookies: tokens.map((token) => `${cookieName}=${token}`) }),
  counters: () => ({
    'store reads': storeReads,
    'activity writes': activityWrites,
    signatures: keyRing.signatureCount,
  }),
});

async function signIn(): Promise<string> {
  const email = 'ada@example.com';
  const password = randomBytes(18).toString('base64url');
  await identity.accounts.createUser({ name: 'Ada', email, password, roles: ['vendor'], emailVerified: true });
  const request = new Request(`${publicUrl}/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: publicUrl },
    body: JSON.stringify({ email, password }),
  });
  const context = { requestId: 'benchmark', clientAddress: '127.0.0.1', caller: { kind: 'anonymous' } } as const;
  const response = await identity.app.fetch(request, { context });
  const cookie = response.headers.getSetCookie()[0]?.split(';', 1)[0];
  if (cookie === undefined) throw new Error(`signing in was answered with ${response.status}`);
  return cookie;
}
