import { createGateway } from '@sallyport/gateway';
import { createPrometheusMeter } from '@sallyport/server';
import { gatewayRoutes } from './gateway-routes.ts';
import { createFileLog } from './file-log.ts';
import { readServerSettings, reportServer } from './server-report.ts';
import { createStandInApiKeys } from './stand-in-api-keys.ts';
import { createStandInKeyRing } from './stand-in-key-ring.ts';
import { createStandInOpaqueTokens } from './stand-in-opaque-tokens.ts';
import { createStandInSessions, silentBus } from './stand-in-sessions.ts';

/* The gateway as a deployment has it, with the routes of the demo, in front of one upstream. */

const {
  upstreamPort,
  accessLog = false,
  metrics = false,
  presentsApiKey = false,
  presentsOpaqueToken = false,
} = readServerSettings();
const sessions = createStandInSessions();
const apiKeys = presentsApiKey ? createStandInApiKeys() : undefined;
const opaqueTokens = presentsOpaqueToken ? createStandInOpaqueTokens() : undefined;
const credentials = apiKeys ?? opaqueTokens;
const authorization = apiKeys === undefined ? opaqueTokens && `Bearer ${opaqueTokens.token}` : `ApiKey ${apiKeys.key}`;
const keyRing = createStandInKeyRing();
const log = accessLog ? createFileLog() : undefined;

const gateway = createGateway({
  publicUrl: 'http://localhost:3000',
  routes: gatewayRoutes(upstreamPort).map((route) =>
    credentials === undefined || route.name !== 'shop'
      ? route
      : { ...route, credentials: ['session', apiKeys === undefined ? 'opaque' : 'api-key'] },
  ),
  ...(credentials === undefined ? {} : { authenticators: [credentials.authenticator] }),
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
  ...(authorization === undefined ? {} : { authorization }),
  counters: () => ({
    ...(credentials ?? sessions).counters(),
    signatures: keyRing.signatureCount,
    'log lines': log?.lines() ?? 0,
  }),
});
