import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { zone, type ConfigInput } from '@sallyport/server/config';

/*
 * The profile of an e-commerce application: docs/guides/shop-profile.md says why each line is as it is. Addresses come from
 * the environment, and secrets too (SALLYPORT_SECRET, SALLYPORT_PROVIDER_SECRETS, SALLYPORT_WEBHOOK_SECRETS, SMTP_URL).
 */
const publicUrl = process.env['SALLYPORT_PUBLIC_URL'] ?? 'https://shop.example.com';
const certFile = process.env['SALLYPORT_TLS_CERT_FILE'] ?? '/run/secrets/tls_certificate';
const keyFile = process.env['SALLYPORT_TLS_KEY_FILE'] ?? '/run/secrets/tls_key';
const issuer = process.env['ACME_SSO_ISSUER'] ?? 'https://sso.acme.example';
const shop = process.env['UPSTREAM_SHOP'] ?? 'http://shop:4001';
const orders = process.env['UPSTREAM_ORDERS'] ?? 'http://orders:4004';
const shell = process.env['UPSTREAM_SHELL'] ?? 'http://shell:4002';
const account = process.env['UPSTREAM_ACCOUNT'] ?? 'http://account:4003';
const service = { stripPrefix: true, access: 'signed-in' } as const;

export default {
  publicUrl,
  brand: { name: 'Acme Shop' },
  // Until the browser: no proxy in front sees passwords and cookies in the clear.
  tls: { certFile, keyFile },
  hsts: { maxAgeSeconds: 31_536_000 },
  mail: { from: 'Shop <no-reply@shop.example.com>' },
  policy: shopPolicy,
  // Staff and companies that buy sign in where their accounts are; it is believed about its own addresses alone.
  signInProviders: {
    oidc: {
      acme: {
        name: 'Acme SSO',
        issuer,
        clientId: 'shop',
        trustedEmailDomains: ['acme.example'],
      },
    },
  },
  // Who sells or administers has more to lose than one order: no session without an authenticator app.
  secondFactor: { methods: ['totp'], requiredFor: ['vendor', 'admin'] },
  // A tab that is left open ends within half an hour, and every session within twelve.
  session: { idleSeconds: 1800, absoluteSeconds: 43_200 },
  routes: [
    {
      ...service,
      name: 'shop',
      prefix: '/api/shop',
      upstream: shop,
      audience: 'shop',
      // Pages show products; the service of orders asks for prices and holds stock, as the user.
      callers: ['shell', 'orders'],
      permissions: ['product:*'],
    },
    {
      ...service,
      name: 'orders',
      prefix: '/api/orders',
      upstream: orders,
      audience: 'orders',
      callers: ['shell'],
      permissions: ['order:*', 'payout:*', 'product:*'],
      // A role that was taken away counts for nothing at once where money is.
      fresh: true,
    },
    {
      name: 'payments',
      prefix: '/webhooks/payments',
      upstream: orders,
      audience: 'orders',
      access: 'service',
      webhook: { secret: 'payments', bodyBytes: 65_536 },
    },
    ...zone('account', {
      upstream: account,
      mount: '/account',
      audience: 'account',
      access: 'signed-in',
      permissions: ['*'],
    }),
    ...zone('shell', {
      upstream: shell,
      mount: '/',
      audience: 'shell',
      access: 'optional',
      permissions: ['*'],
    }),
  ],
} satisfies ConfigInput;
