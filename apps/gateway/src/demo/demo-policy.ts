import { definePolicy } from '@sallyport/core';

/** Roles and permissions of the demonstration: three kinds of people, one shop. */
export const demoPolicy = definePolicy({
  permissions: {
    'product:read': 'List and read products',
    'product:create': 'Put a product on sale',
    'product:update': "Change one's own products",
    'product:update-any': 'Change any product',
    'product:delete': 'Delete products',
    'user:manage': 'Change the roles of people',
  },
  roles: {
    user: ['product:read'],
    vendor: ['product:read', 'product:create', 'product:update'],
    admin: ['product:read', 'product:create', 'product:update', 'product:update-any', 'product:delete', 'user:manage'],
  },
});
