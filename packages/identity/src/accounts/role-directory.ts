import { recordModels, type InvalidationBus, type Policy, type Records } from '@sallyport/core';

/** Which permissions the roles hold now. */
export interface RoleDirectory {
  /** The permissions of all these roles together, and the generation of the policy that says so. */
  permissionsOf(
    roles: readonly string[],
  ): Promise<{ readonly permissions: readonly string[]; readonly generation: number }>;
  /** Those of these names that are not roles. */
  unknownAmong(roles: readonly string[]): Promise<readonly string[]>;
  /** Ends the subscription to the bus. */
  close(): void;
}

interface RoleRow {
  readonly name: string;
  readonly permissions: string;
  readonly generation: number;
}

interface RoleTable {
  readonly permissionsByRole: ReadonlyMap<string, readonly string[]>;
  readonly generation: number;
}

const model = recordModels.role;

/**
 * Opens the table of roles. A role that the policy names and the table lacks is added; one that is there is never
 * overwritten, because an administrator may have changed it. The table is remembered until the bus says that it changed,
 * and read every time while the bus is not connected.
 */
export async function openRoleDirectory(
  records: Records,
  policy: Policy,
  bus: InvalidationBus,
  now: () => Date,
): Promise<RoleDirectory> {
  // A role that a newer version brings: gateways that run already have to know it, too.
  const added = await seed(records, policy, now());
  if (added.length > 0)
    await bus.publish({ kind: 'policy', id: added.join(' '), minGeneration: 0, at: now(), reason: 'roles-added' });
  let remembered: Promise<RoleTable> | undefined;
  const forget = (): void => {
    remembered = undefined;
  };
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'gap' || message.event.kind === 'policy') forget();
  });
  const table = (): Promise<RoleTable> => {
    // A change of the roles would not be heard.
    if (!bus.isConnected()) return load(records);
    if (remembered !== undefined) return remembered;
    const loading = load(records);
    remembered = loading;
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
    close: unsubscribe,
  };
}

/** @returns the names of the roles that it added. */
async function seed(records: Records, policy: Policy, at: Date): Promise<readonly string[]> {
  const added: string[] = [];
  const known = new Set((await records.findMany<RoleRow>({ model })).map(({ name }) => name));
  for (const [name, permissions] of Object.entries(policy.roles)) {
    if (known.has(name)) continue;
    try {
      await records.create({ model, data: { name, permissions: permissions.join(' '), generation: 0, updatedAt: at } });
      added.push(name);
    } catch (error) {
      // Another start was faster. Anything else is a fault.
      if ((await records.findOne({ model, where: [{ field: 'name', value: name }] })) === null) throw error;
    }
  }
  return added;
}

async function load(records: Records): Promise<RoleTable> {
  const rows = await records.findMany<RoleRow>({ model, sortBy: { field: 'name', direction: 'asc' } });
  return {
    permissionsByRole: new Map(rows.map((row) => [row.name, row.permissions.split(' ').filter((text) => text !== '')])),
    generation: rows.reduce((sum, row) => sum + row.generation, 0),
  };
}
