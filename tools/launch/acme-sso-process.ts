/*
 * Acme SSO and Acme Pay as a process of their own: the outside companies of the demo and of browser tests, on loopback.
 */
import { serve } from '@hono/node-server';
import { createAcmePay } from '../../demo/acme-pay/acme-pay-app.ts';
import { createAcmeApp } from '../../demo/acme-sso/acme-app.ts';

const { PORT = '', ACME_SSO_CLIENT_ID = '', ACME_SSO_CLIENT_SECRET = '', ACME_SSO_REDIRECT_URI = '' } = process.env;
const backchannelLogoutUri = process.env['ACME_SSO_BACKCHANNEL_LOGOUT_URI'];

const app = await createAcmeApp({
  url: `http://127.0.0.1:${PORT}`,
  client: {
    id: ACME_SSO_CLIENT_ID,
    secret: ACME_SSO_CLIENT_SECRET,
    redirectUris: [ACME_SSO_REDIRECT_URI],
    ...(backchannelLogoutUri === undefined ? {} : { backchannelLogoutUri }),
  },
});
app.route(
  '/pay',
  createAcmePay({
    key: process.env['ACME_PAY_KEY'] ?? '',
    webhook: {
      url: process.env['ACME_PAY_WEBHOOK_URL'] ?? '',
      secret: process.env['ACME_PAY_WEBHOOK_SECRET'] ?? '',
    },
  }),
);
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) });
process.once('SIGTERM', () => server.close(() => process.exit(0)));
