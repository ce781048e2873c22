import { definePolicy } from '@sallyport/policy';

/**
 * Who may do what in the shop: the one file that the gateway, both services and the pages go by. Permissions are what a
 * role holds, and rules say on which records they count.
 */
export const shopPolicy = definePolicy({
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
    'user:manage': 'Change the roles of people',
    'role:manage': 'Change what roles permit',
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
    // An administrator gives no permission beyond their own: to make vendors takes what a vendor holds.
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
      'user:manage',
      'role:manage',
    ],
  },
  records: {
    Product: {
      fields: {
        id: 'string',
        name: 'string',
        description: 'string',
        priceCents: 'number',
        currency: 'string',
        stock: 'number',
        status: 'string',
        ownerId: 'string',
        createdAt: 'string',
        updatedAt: 'string',
        version: 'number',
      },
      actions: ['buy'],
    },
    Hold: { fields: { id: 'string', buyerId: 'string' } },
    Order: {
      fields: {
        id: 'string',
        buyerId: 'string',
        vendorIds: 'string[]',
        state: 'string',
        lines: 'json',
        totalCents: 'number',
        currency: 'string',
        chargeId: 'string',
        createdAt: 'string',
        updatedAt: 'string',
        version: 'number',
      },
      // `sell` and `oversee` are the lists of vendors and of administrators.
      actions: ['sell', 'oversee', 'pay', 'cancel'],
    },
    Payout: { fields: { vendorId: 'string', accountHolder: 'string', iban: 'string', updatedAt: 'string' } },
  },
  rules: [
    {
      allow: 'read',
      on: 'Product',
      to: 'product:read',
      when: { or: [{ status: { eq: 'published' } }, { ownerId: { eq: { subject: 'id' } } }] },
      reason: 'product-on-sale-or-own',
    },
    { allow: 'read', on: 'Product', to: 'product:update-any', reason: 'every-draft' },
    {
      allow: 'buy',
      on: 'Product',
      to: 'product:read',
      when: { status: { eq: 'published' } },
      reason: 'product-on-sale',
    },
    {
      allow: 'create',
      on: 'Product',
      to: 'product:create',
      when: { ownerId: { eq: { subject: 'id' } } },
      reason: 'own-product',
    },
    {
      allow: 'update',
      on: 'Product',
      to: 'product:update',
      when: { ownerId: { eq: { subject: 'id' } } },
      reason: 'own-product',
    },
    { allow: 'update', on: 'Product', to: 'product:update-any', reason: 'any-product' },
    {
      deny: 'update',
      on: 'Product',
      fields: ['id', 'ownerId', 'createdAt'],
      reason: 'origin-is-fixed',
      texts: { user: 'A product stays with the vendor who put it on sale.' },
    },
    { allow: 'delete', on: 'Product', to: 'product:delete', reason: 'any-product' },

    {
      allow: ['create', 'delete'],
      on: 'Hold',
      to: 'product:read',
      when: { buyerId: { eq: { subject: 'id' } } },
      reason: 'own-hold',
    },
    { allow: 'delete', on: 'Hold', to: 'product:update-any', reason: 'any-hold' },

    {
      allow: 'read',
      on: 'Order',
      to: 'order:read',
      when: { buyerId: { eq: { subject: 'id' } } },
      reason: 'own-order',
    },
    {
      allow: ['read', 'sell'],
      on: 'Order',
      to: 'order:read-sales',
      when: { vendorIds: { eq: { subject: 'id' } } },
      // Not who bought, nor which other vendors sold. The service leaves out the lines of others.
      fields: ['id', 'state', 'lines', 'totalCents', 'currency', 'createdAt'],
      reason: 'own-sale',
    },
    { allow: ['read', 'oversee'], on: 'Order', to: 'order:read-any', reason: 'every-order' },
    { deny: 'read', on: 'Order', fields: ['chargeId'], unless: 'order:read-any', reason: 'charge-is-internal' },
    {
      allow: 'create',
      on: 'Order',
      to: 'order:create',
      when: { buyerId: { eq: { subject: 'id' } } },
      reason: 'own-order',
    },
    {
      allow: ['pay', 'cancel'],
      on: 'Order',
      to: 'order:create',
      when: { buyerId: { eq: { subject: 'id' } }, state: { eq: 'open' } },
      reason: 'own-open-order',
    },
    {
      allow: 'cancel',
      on: 'Order',
      to: 'order:cancel-any',
      when: { state: { eq: 'open' } },
      reason: 'any-open-order',
    },

    {
      allow: ['create', 'read', 'update'],
      on: 'Payout',
      to: 'payout:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own-payout',
    },
  ],
});

/** The policy as a type, for the decorators of services and the hooks of pages. */
export type ShopPolicy = typeof shopPolicy;
