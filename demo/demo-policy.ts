import { organizationPermissions, type Logger } from '@sallyport/core';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { applyPolicy, createSecurityEventLog, kernelEvents, readRoleDifferences } from '@sallyport/identity';
import type { Config, Stores } from '@sallyport/server';

/** The policy of the demonstration: that of its shop, and of organizations that its users make. */
export const demoPolicy = {
  ...shopPolicy,
  permissions: {
    ...shopPolicy.permissions,
    [organizationPermissions.manage]: 'Rename and delete the organization',
    [organizationPermissions.members]: 'Invite members of the organization, and change their roles',
  },
  organizationRoles: {
    owner: ['product:read', organizationPermissions.manage, organizationPermissions.members],
    member: ['product:read'],
  },
  // Services and pages go by the rules; here they are checked at the start, and `sallyport policy explain` reads them.
  records: shopPolicy.records,
  rules: shopPolicy.rules,
};

/**
 * The roles of the demonstration belong to the product: a newer version brings what changed, without `roles apply`. What was
 * edited in the demonstration stays.
 */
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
