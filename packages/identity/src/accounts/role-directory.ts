import { setTimeout as sleep } from 'node:timers/promises';
import { recordModels, storeFaultWordOf, type InvalidationBus, type Policy, type Records } from '@sallyport/core';
import type { IdentityDatabase } from '../database/identity-database.ts';
import { noteRolesAsApplied, writeAppliedRoles } from './applied-roles.ts';
import { readPolicyDifferences, readRoleDifferences } from './policy-state.ts';
import { policyDiffersError, rolesOf } from './role-differences.ts';
import { lockRoles, readStoredRoles, type StoredRoles } from './stored-roles.ts';

/** Which permissions the roles hold now. */
export interface RoleDirectory {
  /** The permissions of all these roles together, and the generation of the policy that says so. */
  permissionsOf(
    roles: readonly string[],
  ): Promise<{ readonly permissions: readonly string[]; readonly generation: number }>;
  /** Those of these names that are not roles. */
  unknownAmong(roles: readonly string[]): Promise<readonly string[]>;
  /** The names of all roles. */
  names(): Promise<readonly string[]>;
  /** Ends the subscription to the bus. */
  close(): void;
}

/** What a start does when the policy is not the one that is stored. */
export type OnPolicyDifference = 'refuse' | 'use-stored';

const model = recordModels.role;

/** Without a message the table is read again after this long: one that was lost heals by itself. */
const rememberedMilliseconds = 30_000;

/** So long a start waits for another one that fills the table at the same time: on a busy machine longer than for a lock. */
const fillingMilliseconds = 60_000;
const fillingPauseMilliseconds = 200;
/** The SQLSTATE of a statement that waited for a lock for as long as it may. */
const lockNotAvailable = '55P03';

/**
 * Opens the table of roles. An empty one is filled from the policy. Afterwards the roles are data: a policy that differs
 * from the one that was applied last is refused, unless the caller works with the stored roles.
 *
 * The table is remembered until the bus says that it changed, for half a minute at most, and read every time while the bus
 * is not connected.
 *
 * @throws OptionsError `SP_OPTIONS_POLICY_DIFFERS` with the difference and what to do about it.
 */
export async function openRoleDirectory(
  database: Pick<IdentityDatabase, 'records' | 'transaction'>,
  policy: Policy,
  bus: InvalidationBus,
  now: () => Date,
  onPolicyDifference: OnPolicyDifference = 'refuse',
): Promise<RoleDirectory> {
  const { records } = database;
  if ((await readRoleDifferences(records, policy)) === undefined) await seed(database, policy, now());
  else if (onPolicyDifference === 'refuse') await requireAppliedPolicy(database, policy, now());
  let remembered: Promise<StoredRoles> | undefined;
  let rememberedUntil = 0;
  const forget = (): void => {
    remembered = undefined;
  };
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'gap' || message.event.kind === 'policy') forget();
  });
  const table = (): Promise<StoredRoles> => {
    // A change of the roles would not be heard.
    if (!bus.isConnected()) return readStoredRoles(records);
    const at = now().getTime();
    if (remembered !== undefined && at < rememberedUntil) return remembered;
    const loading = readStoredRoles(records);
    remembered = loading;
    rememberedUntil = at + rememberedMilliseconds;
    // An outage must not be remembered. What was forgotten meanwhile is not put back: only this very load is dropped.
    loading.catch(() => {
      if (remembered === loading) forget();
    });
    return loading;
  };
  return {
    async permissionsOf(roles) {
      const { permissionsByRole, generation } = await table();
      const permissions = new Set(roles.flatMap((role) => permissionsByRole.get(role) ?? []));
      return { permissions: [...permissions], generation };
    },
    async unknownAmong(roles) {
      const { permissionsByRole } = await table();
      return roles.filter((role) => !permissionsByRole.has(role));
    },
    names: async () => [...(await table()).permissionsByRole.keys()],
    close: unsubscribe,
  };
}

async function requireAppliedPolicy(
  { records, transaction }: Pick<IdentityDatabase, 'records' | 'transaction'>,
  policy: Policy,
  at: Date,
): Promise<void> {
  await requireSamePolicy(records, policy);
  // What is edited from now on must not look like a difference of the file.
  await transaction(async () => {
    await lockRoles(records, at);
    await noteRolesAsApplied(records, at);
  });
}

/** @throws OptionsError `SP_OPTIONS_POLICY_DIFFERS` for a policy that was not applied. */
export async function requireSamePolicy(records: Records, policy: Policy): Promise<void> {
  const differences = await readPolicyDifferences(records, policy);
  if (differences.length > 0) throw policyDiffersError(differences);
}

/**
 * In one transaction: a start that is killed leaves the table empty, and of two starts at the same time one fills it. In
 * order of their names, so that the other one waits at a role that both have, and neither for the other.
 */
async function seed(
  { records, transaction }: Pick<IdentityDatabase, 'records' | 'transaction'>,
  policy: Policy,
  at: Date,
): Promise<void> {
  const roles = Object.entries(policy.roles).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const deadline = performance.now() + fillingMilliseconds;
  const fill = async (): Promise<'filled' | 'retry'> => {
    try {
      await transaction(async () => {
        for (const [name, permissions] of roles) {
          const data = { name, permissions: permissions.join(' '), generation: 0, updatedAt: at };
          await records.create({ model, data });
        }
        await writeAppliedRoles(records, rolesOf(policy), at);
      });
    } catch (error) {
      // Another start was faster, or is about to be: it has the lock. Anything else is a fault.
      if ((await readRoleDifferences(records, policy)) !== undefined) return 'filled';
      if (storeFaultWordOf(error) !== lockNotAvailable || performance.now() > deadline) throw error;
      return 'retry';
    }
    return 'filled';
  };
  while ((await fill()) === 'retry') await sleep(fillingPauseMilliseconds);
  // It may have filled the table from another policy.
  await requireSamePolicy(records, policy);
}
