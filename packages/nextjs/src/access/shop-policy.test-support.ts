import { definePolicy } from '@sallyport/policy';

/** A policy with rules about everyone, about vendors, and about others. */
export const policy = definePolicy({
  permissions: {
    'product:update': 'Change own products',
    'product:any': 'Do anything with products',
    'payout:read': 'See payouts',
  },
  roles: { user: [], vendor: ['product:update'], admin: ['product:any', 'payout:read'] },
  records: {
    Product: { fields: { id: 'string', vendorId: 'string', status: 'string', costCents: 'number' } },
    Payout: { fields: { id: 'string', canaryAccount: 'string' } },
  },
  rules: [
    { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } } },
    {
      allow: ['create', 'read', 'update'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
    },
    {
      allow: '*',
      on: 'Product',
      to: 'product:any',
      when: { status: { ne: 'canary-of-others' } },
      reason: 'canary-reason-of-others',
    },
    {
      deny: 'update',
      on: 'Product',
      fields: ['vendorId'],
      reason: 'owner-is-fixed',
      texts: { user: 'A product stays with its vendor.', administrator: 'canary-administrator' },
    },
    { allow: 'read', on: 'Payout', to: 'payout:read', when: { canaryAccount: { exists: true } } },
  ],
});

export const lamp = { id: 'lamp', vendorId: 'vendor-1', status: 'draft', costCents: 900 };
export const sofa = { id: 'sofa', vendorId: 'vendor-2', status: 'draft', costCents: 20_000 };
