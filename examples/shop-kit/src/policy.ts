import { definePolicy } from '@sallyport/policy';

/** Roles and permissions of the shop, for the gateway, its services and its pages alike: three kinds of users. */
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
    admin: [
      'product:read',
      'product:create',
      'product:update',
      'product:update-any',
      'product:delete',
      'order:create',
      'order:read',
      'order:read-any',
      'order:cancel-any',
      'user:manage',
      'role:manage',
    ],
  },
});
