import { definePolicy } from './definition/define-policy.ts';

/** A policy with a rule of each kind. */
export const shopPolicy = definePolicy({
  permissions: {
    'product:read': 'List and read products',
    'product:update': 'Change own products',
    'product:update-any': 'Change any product',
    'order:read': 'Read orders',
  },
  roles: {
    user: ['product:read', 'order:read'],
    vendor: ['product:read', 'product:update', 'order:read'],
    admin: ['product:read', 'product:update-any', 'order:read'],
  },
  organizationRoles: { owner: ['order:read'], member: ['order:read'] },
  records: {
    Product: {
      fields: {
        id: 'string',
        vendorId: 'string',
        status: 'string',
        tags: 'string[]',
        priceCents: 'number',
        costCents: 'number',
        isArchived: 'boolean',
        publishedAt: 'date',
      },
      actions: ['publish'],
    },
    Order: { fields: { id: 'string', userId: 'string', org: 'string', vendorIds: 'string[]', note: 'string' } },
  },
  rules: [
    { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } }, reason: 'published' },
    {
      allow: ['create', 'read', 'update', 'publish'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own-product',
      texts: { user: 'You can only change products of your own.' },
    },
    { allow: '*', on: 'Product', to: 'product:update-any', reason: 'any-product' },
    {
      deny: ['update', 'publish'],
      on: 'Product',
      when: { isArchived: { eq: true } },
      unless: 'product:update-any',
      reason: 'archived',
      texts: { user: 'This product is archived.', administrator: 'Archived products are kept for the books.' },
    },
    { deny: 'read', on: 'Product', fields: ['costCents'], unless: 'product:update-any', reason: 'cost-is-internal' },
    { deny: 'update', on: 'Product', after: { priceCents: { exists: false } }, reason: 'price-stays' },
    { allow: 'read', on: 'Order', to: 'order:read', when: { userId: { eq: { subject: 'id' } } }, reason: 'own-order' },
    {
      allow: 'read',
      on: 'Order',
      to: 'order:read',
      when: { vendorIds: { eq: { subject: 'id' } }, subject: { roles: { eq: 'vendor' } } },
      fields: ['id', 'vendorIds'],
      reason: 'order-with-own-products',
    },
    { deny: '*', on: 'Order', when: { org: { ne: { subject: 'org' } } }, reason: 'other-organization' },
  ],
});

const none = { roles: [], permissions: [] } as const;

export const anonymous = { kind: 'anonymous' } as const;
export const ada = {
  kind: 'user',
  id: 'ada',
  ...none,
  roles: ['vendor'],
  permissions: ['product:read', 'product:update', 'order:read'],
  org: 'acme',
} as const;
export const bob = {
  kind: 'user',
  id: 'bob',
  ...none,
  roles: ['user'],
  permissions: ['product:read', 'order:read'],
  org: 'acme',
} as const;
export const root = {
  kind: 'user',
  id: 'root',
  ...none,
  roles: ['admin'],
  permissions: ['product:read', 'product:update-any', 'order:read'],
} as const;

export const published = {
  id: 'p1',
  vendorId: 'ada',
  status: 'published',
  tags: ['new'],
  priceCents: 100,
  costCents: 60,
  isArchived: false,
};
export const draft = { ...published, id: 'p2', status: 'draft' };
export const archived = { ...published, id: 'p3', isArchived: true };
