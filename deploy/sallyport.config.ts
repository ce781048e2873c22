import type { ConfigInput } from '@sallyport/server';

/**
 * A configuration for production: what Dockerfile, compose.yaml and the Kubernetes manifests mount at /app. It imports
 * types only, so that it can be read from anywhere. Addresses of this deployment come from the environment
 * (SALLYPORT_PUBLIC_URL, SALLYPORT_TRUSTED_PROXIES, …), secrets too (DATABASE_URL_FILE, REDIS_URL_FILE,
 * SALLYPORT_SECRET_FILE, SMTP_URL_FILE). Every key: docs/reference/configuration.md.
 */
const shop = process.env['UPSTREAM_SHOP'] ?? 'http://shop:4001';
const orders = process.env['UPSTREAM_ORDERS'] ?? 'http://orders:4004';
const shell = process.env['UPSTREAM_SHELL'] ?? 'http://shell:4002';
const account = process.env['UPSTREAM_ACCOUNT'] ?? 'http://account:4003';

export default {
  publicUrl: 'https://app.example.com',
  internal: { hosts: ['gateway-internal:9400'] },
  mail: { from: 'Example <no-reply@app.example.com>' },
  policy: {
    permissions: {
      'product:read': 'List and read products',
      'product:create': 'Put a product on sale',
      'product:update': "Change one's own products",
      'product:update-any': 'Change any product, and see every draft',
      'product:delete': 'Delete products',
      'order:create': 'Fill a cart, order, pay and cancel',
      'order:read': "Read one's own orders",
      'order:read-sales': "Read one's own lines of the orders that contain them",
      'order:read-any': 'Read every order',
      'order:cancel-any': 'Cancel any order that is not paid',
      'payout:update': 'Read and change where one is paid',
    },
    roles: {
      user: ['product:read', 'order:create', 'order:read'],
      vendor: [
        'product:read',
        'product:create',
        'product:update',
        'order:create',
        'order:read',
        'order:read-sales',
        'payout:update',
      ],
      admin: [
        'product:read',
        'product:create',
        'product:update',
        'product:update-any',
        'product:delete',
        'order:create',
        'order:read',
        'order:read-sales',
        'order:read-any',
        'order:cancel-any',
        'payout:update',
      ],
    },
  },
  routes: [
    {
      name: 'shop',
      prefix: '/api/shop',
      upstream: shop,
      stripPrefix: true,
      audience: 'shop',
      access: 'signed-in',
      callers: ['shell', 'orders'],
      permissions: ['product:*'],
    },
    {
      name: 'orders',
      prefix: '/api/orders',
      upstream: orders,
      stripPrefix: true,
      audience: 'orders',
      access: 'signed-in',
      permissions: ['order:*', 'payout:*', 'product:*'],
    },
    {
      name: 'account',
      prefix: '/account',
      upstream: account,
      audience: 'account',
      access: 'signed-in',
      permissions: ['*'],
      profile: true,
    },
    {
      name: 'account-assets',
      prefix: '/_zones/account',
      upstream: account,
      audience: 'account',
      access: 'public',
      slide: false,
    },
    { name: 'shell-assets', prefix: '/_next', upstream: shell, audience: 'shell', access: 'public', slide: false },
    {
      name: 'shell',
      prefix: '/',
      upstream: shell,
      audience: 'shell',
      access: 'optional',
      permissions: ['*'],
      profile: true,
    },
  ],
} satisfies ConfigInput;
