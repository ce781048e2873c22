/** A policy with an owner, an administrator and a field that is closed. */
export const policy = {
  permissions: {
    'product:update': "Change one's own products",
    'product:update-any': 'Change any',
    'user:manage': 'Manage',
  },
  roles: { user: [], vendor: ['product:update'], admin: ['product:update-any', 'user:manage'] },
  organizationRoles: {},
  records: { Product: { fields: { id: 'string', vendorId: 'string', price: 'number' } } },
  rules: [
    {
      allow: 'update',
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own',
    },
    { allow: 'update', on: 'Product', to: 'product:update-any', reason: 'any' },
    {
      deny: 'update',
      on: 'Product',
      fields: ['price'],
      unless: 'product:update-any',
      reason: 'price-is-fixed',
      texts: { user: 'Prices are set for you.', administrator: 'Prices belong to product:update-any.' },
    },
  ],
};
