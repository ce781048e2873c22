import { definePolicy, type Logger } from '@sallyport/core';
import { applyPolicy, createSecurityEventLog, kernelEvents, readRoleDifferences } from '@sallyport/identity';
import type { Config, Stores } from '@sallyport/server';

/** Roles and permissions of the demonstration: three kinds of users, one shop. */
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

/** The roles of the demonstration belong to the product: a newer version brings its own, without `roles apply`. */
export async function applyDemoPolicy({ policy }: Config, stores: Stores, logger: Logger): Promise<void> {
  const { records, transaction } = stores.database;
  const differences = (await readRoleDifferences(records, policy)) ?? [];
  if (differences.length === 0) return;
  const events = createSecurityEventLog(records, kernelEvents);
  await applyPolicy({ policy, records, transaction, bus: stores.bus, events, now: () => new Date() });
  logger.info('the roles of the demonstration were brought up to date', {
    event: 'demo-roles-updated',
    roles: differences.map(({ role }) => role).join(' '),
  });
}
