import { routeSchema } from '@sallyport/core';
import { createDoor } from '@sallyport/gateway';
import { createFileLog } from './file-log.ts';
import { readServerSettings, reportServer } from './server-report.ts';
import { createStandInKeyRing } from './stand-in-key-ring.ts';
import { createStandInSessions, silentBus } from './stand-in-sessions.ts';

/* The door as a deployment has it, with the routes of the demo, in front of one upstream. */

const { upstreamPort, accessLog = false } = readServerSettings();
const upstream = `http://127.0.0.1:${upstreamPort}`;
const sessions = createStandInSessions();
const keyRing = createStandInKeyRing();
const log = accessLog ? createFileLog() : undefined;

const routes = [
  {
    name: 'shop',
    prefix: '/api/shop',
    audience: 'shop',
    access: 'signed-in',
    stripPrefix: true,
    permissions: ['product:*'],
  },
  { name: 'account', prefix: '/account', audience: 'account', access: 'signed-in', profile: true, permissions: ['*'] },
  { name: 'account-assets', prefix: '/_zones/account', audience: 'account', access: 'public', slide: false },
  { name: 'shell-assets', prefix: '/_next', audience: 'shell', access: 'public', slide: false },
  { name: 'shell', prefix: '/', audience: 'shell', access: 'optional', profile: true, permissions: ['*'] },
].map((route) => routeSchema.parse({ ...route, upstream }));

const door = createDoor({
  publicUrl: 'http://localhost:3000',
  routes,
  sessions: sessions.directory,
  keyRing,
  bus: silentBus,
  accessLog,
  ...(log === undefined ? {} : { logger: log.logger }),
});
const { port } = await door.listen({ host: '127.0.0.1', port: 0 });

reportServer({
  port,
  cookie: `sallyport=${sessions.token}`,
  counters: () => ({ ...sessions.counters(), signatures: keyRing.signatureCount, 'log lines': log?.lines() ?? 0 }),
});
