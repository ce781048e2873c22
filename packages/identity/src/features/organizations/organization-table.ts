import { randomBytes, randomUUID } from 'node:crypto';
import { recordModels, type RecordFilter, type Records } from '@sallyport/core';

/** An organization as it is stored. */
export interface Organization {
  readonly organizationId: string;
  readonly name: string;
  /** Subject id of the account that made it, or an operator. */
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** The organizations of a deployment. Rejects with `SP_STORE_UNAVAILABLE`. */
export interface OrganizationTable {
  insert(organization: Organization): Promise<Organization>;
  find(organizationId: string): Promise<Organization | null>;
  /** Those of these handles that there are. */
  listAmong(organizationIds: readonly string[]): Promise<readonly Organization[]>;
  /** A page of all of them in the order of their handles, after this one. */
  list(limit: number, after?: string): Promise<readonly Organization[]>;
  /**
   * Lets the transaction wait for every other one that changes the members of this organization, and see what that one did.
   * `false` when the organization is gone.
   */
  lock(organizationId: string): Promise<boolean>;
  /** `false` when it is gone. */
  rename(organizationId: string, name: string): Promise<boolean>;
  /** `true` for exactly one caller. */
  delete(organizationId: string): Promise<boolean>;
}

const model = recordModels.organization;
const idForm = /^org_[0-9a-f]{20}$/;

/** Makes the handle of an organization. */
export function createOrganizationId(): string {
  return `org_${randomBytes(10).toString('hex')}`;
}

/** Whether a text can be the handle of an organization: what cannot is never looked up. */
export function isOrganizationId(text: string): boolean {
  return idForm.test(text);
}

/** Builds access to the table of organizations. */
export function createOrganizationTable(records: Records): OrganizationTable {
  const byId = (organizationId: string): RecordFilter[] => [{ field: 'organizationId', value: organizationId }];
  /** MongoDB counts no row that is as it was: each write has something new. */
  const update = async (organizationId: string, change: { readonly name?: string }): Promise<boolean> => {
    const written = { ...change, changeId: randomUUID() };
    return (await records.updateMany({ model, where: byId(organizationId), update: written })) === 1;
  };
  return {
    async insert({ organizationId, name, createdBy, createdAt }) {
      const data = { organizationId, name, createdBy, createdAt, changeId: randomUUID() };
      return toOrganization(await records.create<Organization>({ model, data }));
    },
    async find(organizationId) {
      if (!isOrganizationId(organizationId)) return null;
      const row = await records.findOne<Organization>({ model, where: byId(organizationId) });
      return row === null ? null : toOrganization(row);
    },
    async listAmong(organizationIds) {
      if (organizationIds.length === 0) return [];
      const where: RecordFilter[] = [{ field: 'organizationId', operator: 'in', value: [...organizationIds] }];
      const rows = await records.findMany<Organization>({ model, where, limit: organizationIds.length });
      return rows.map(toOrganization);
    },
    async list(limit, after = '') {
      const rows = await records.findMany<Organization>({
        model,
        where: [{ field: 'organizationId', operator: 'gt', value: after }],
        sortBy: { field: 'organizationId', direction: 'asc' },
        limit,
      });
      return rows.map(toOrganization);
    },
    lock: async (organizationId) => isOrganizationId(organizationId) && (await update(organizationId, {})),
    rename: (organizationId, name) => update(organizationId, { name }),
    delete: async (organizationId) => (await records.deleteMany({ model, where: byId(organizationId) })) === 1,
  };
}

function toOrganization({ organizationId, name, createdBy, createdAt }: Organization): Organization {
  return { organizationId, name, createdBy, createdAt };
}
