import { createGateway } from '@sallyport/gateway';
import { createPrometheusMeter } from '@sallyport/server';
import { gatewayRoutes } from './gateway-routes.ts';
import { createFileLog } from './file-log.ts';
import { readServerSettings, reportServer } from './server-report.ts';
import { createStandInKeyRing } from './stand-in-key-ring.ts';
import { createStandInSessions, silentBus } from './stand-in-sessions.ts';

/* The gateway as a deployment has it, with the routes of the demo, in front of one upstream. */

const { upstreamPort, accessLog = false, metrics = false } = readServerSettings();
const sessions = createStandInSessions();
const keyRing = createStandInKeyRing();
const log = accessLog ? createFileLog() : undefined;

const gateway = createGateway({
  publicUrl: 'http://localhost:3000',
  routes: gatewayRoutes(upstreamPort),
  sessions: sessions.directory,
  keyRing,
  bus: silentBus,
  accessLog,
  ...(log === undefined ? {} : { logger: log.logger }),
  ...(metrics ? { meter: createPrometheusMeter({ withProcess: true }) } : {}),
});
const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });

reportServer({
  port,
  cookie: `sallyport-3000=${sessions.token}`,
  counters: () => ({ ...sessions.counters(), signatures: keyRing.signatureCount, 'log lines': log?.lines() ?? 0 }),
});
