import { recordModels, type RecordFilter, type Records } from '@sallyport/core';
import { rolesToText } from '../../accounts/user-table.ts';

/** A member as it is stored. */
export interface Member {
  readonly organizationId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  /** Grows with every change of the roles. */
  readonly generation: number;
  readonly joinedAt: Date;
}

/** The members of organizations. Rejects with `SP_STORE_UNAVAILABLE`. */
export interface MemberTable {
  /** Rejects for a user who is a member already, as `isDuplicateRow` says. */
  insert(member: Omit<Member, 'generation'>): Promise<Member>;
  find(organizationId: string, userId: string): Promise<Member | null>;
  /** A page in the order of the users, after this one. */
  list(organizationId: string, limit: number, afterUserId?: string): Promise<readonly Member[]>;
  /** The memberships of a user. */
  listOf(userId: string): Promise<readonly Member[]>;
  count(organizationId: string): Promise<number>;
  /** Compare-and-set on the generation, which grows; `null` when another change was faster. */
  setRoles(member: Member, roles: readonly string[]): Promise<Member | null>;
  /** Compare-and-set: `true` for exactly one caller. */
  delete(member: Member): Promise<boolean>;
  deleteAll(organizationId: string): Promise<void>;
}

interface MemberRow extends Omit<Member, 'roles'> {
  readonly roles: string;
}

const model = recordModels.organizationMember;

/** Builds access to the table of members. */
export function createMemberTable(records: Records): MemberTable {
  const byKey = (organizationId: string, userId: string): RecordFilter => ({
    field: 'memberKey',
    value: keyOf(organizationId, userId),
  });
  const ofOrganization = (value: string): RecordFilter => ({ field: 'organizationId', value });
  const asRead = ({ organizationId, userId, generation }: Member): RecordFilter[] => [
    byKey(organizationId, userId),
    { field: 'generation', value: generation },
  ];
  return {
    async insert({ organizationId, userId, roles, joinedAt }) {
      const memberKey = keyOf(organizationId, userId);
      const data = { memberKey, organizationId, userId, roles: rolesToText(roles), generation: 1, joinedAt };
      return toMember(await records.create<MemberRow>({ model, data }));
    },
    async find(organizationId, userId) {
      const row = await records.findOne<MemberRow>({ model, where: [byKey(organizationId, userId)] });
      return row === null ? null : toMember(row);
    },
    async list(organizationId, limit, afterUserId = '') {
      const rows = await records.findMany<MemberRow>({
        model,
        where: [ofOrganization(organizationId), { field: 'userId', operator: 'gt', value: afterUserId }],
        sortBy: { field: 'userId', direction: 'asc' },
        limit,
      });
      return rows.map(toMember);
    },
    async listOf(userId) {
      const rows = await records.findMany<MemberRow>({
        model,
        where: [{ field: 'userId', value: userId }],
        limit: 10_000,
      });
      return rows.map(toMember);
    },
    count: (organizationId) => records.count({ model, where: [ofOrganization(organizationId)] }),
    async setRoles(member, roles) {
      const generation = member.generation + 1;
      const update = { roles: rolesToText(roles), generation };
      const count = await records.updateMany({ model, where: asRead(member), update });
      return count === 1 ? { ...member, roles, generation } : null;
    },
    delete: async (member) => (await records.deleteMany({ model, where: asRead(member) })) === 1,
    async deleteAll(organizationId) {
      await records.deleteMany({ model, where: [ofOrganization(organizationId)] });
    },
  };
}

function keyOf(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`;
}

function toMember({ organizationId, userId, roles, generation, joinedAt }: MemberRow): Member {
  return { organizationId, userId, roles: roles.split(' ').filter((role) => role !== ''), generation, joinedAt };
}
