import { randomBytes } from 'node:crypto';
import { recordModels, type RecordFilter, type Records, type Sealer } from '@sallyport/core';
import { rolesToText } from '../../accounts/user-table.ts';

/** An invitation that waits, as it is stored: without its token. */
export interface Invitation {
  readonly invitationId: string;
  readonly organizationId: string;
  /** The invited address. */
  readonly email: string;
  readonly roles: readonly string[];
  /** Subject id of the member who invites, or an operator. */
  readonly invitedBy: string;
  /** Grows with every mail: the number of the token. */
  readonly generation: number;
  readonly createdAt: Date;
  readonly sentAt: Date;
  readonly expiresAt: Date;
}

/** An invitation to write. */
export type NewInvitation = Omit<Invitation, 'invitationId' | 'generation'>;

/** What another mail changes. */
export type InvitationRenewal = Pick<Invitation, 'invitedBy' | 'sentAt' | 'expiresAt'>;

/** The invitations that wait. Tokens are kept as HMACs alone. Rejects with `SP_STORE_UNAVAILABLE`. */
export interface InvitationTable {
  /** Rejects where the address has one in this organization, as `isDuplicateRow` says. */
  insert(invitation: NewInvitation, token: string): Promise<Invitation>;
  find(organizationId: string, invitationId: string): Promise<Invitation | null>;
  findByAddress(organizationId: string, email: string): Promise<Invitation | null>;
  /** The invitation of a token that would work now, under every accepted version of the root secret. */
  findByToken(token: string, at: Date): Promise<Invitation | null>;
  /**
   * Those of an organization that were made before a time, the newest first: `limit` of them, and what was made at the very
   * time of the last one, so that the next page can begin there.
   */
  list(organizationId: string, limit: number, before?: Date): Promise<readonly Invitation[]>;
  /** How many would work at a time. */
  countOpen(organizationId: string, at: Date): Promise<number>;
  /** Puts another token in the place of the present one. `null` when it is gone, or another mail was sent meanwhile. */
  renew(invitation: Invitation, renewal: InvitationRenewal, token: string): Promise<Invitation | null>;
  /** Ends an invitation as it was read: `true` for exactly one caller, and never after another mail was sent. */
  consume(invitation: Invitation): Promise<boolean>;
  deleteAll(organizationId: string): Promise<void>;
  /** All that wait for an address, in whatever organization. */
  listTo(email: string): Promise<readonly Invitation[]>;
}

interface InvitationRow extends Omit<Invitation, 'roles'> {
  readonly roles: string;
}

const model = recordModels.organizationInvitation;
const tokenForm = /^[A-Za-z0-9_-]{43}$/;
const idForm = /^inv_[0-9a-f]{20}$/;
/** More than are ever made in a millisecond, or wait for one address. */
const atOnceLimit = 10_000;

/** Makes the token of an invitation: 256 bits from the system's random source. */
export function createInvitationToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Builds access to the table of invitations. `sealer` is for the purpose `organization-invitation`. */
export function createInvitationTable(records: Records, sealer: Sealer): InvitationTable {
  const ofOrganization = (value: string): RecordFilter => ({ field: 'organizationId', value });
  const asRead = ({ invitationId, generation }: Invitation): RecordFilter[] => [
    { field: 'invitationId', value: invitationId },
    { field: 'generation', value: generation },
  ];
  const find = async (where: RecordFilter[]): Promise<Invitation | null> => {
    const row = await records.findOne<InvitationRow>({ model, where });
    return row === null ? null : toInvitation(row);
  };
  const findMany = async (query: Omit<Parameters<Records['findMany']>[0], 'model'>): Promise<readonly Invitation[]> =>
    (await records.findMany<InvitationRow>({ model, ...query })).map(toInvitation);
  const findById = async (organizationId: string, invitationId: string): Promise<Invitation | null> => {
    if (!idForm.test(invitationId)) return null;
    const found = await find([{ field: 'invitationId', value: invitationId }]);
    return found?.organizationId === organizationId ? found : null;
  };
  return {
    async insert({ roles, ...invitation }, token) {
      const row = await records.create<InvitationRow>({
        model,
        data: {
          ...invitation,
          invitationId: `inv_${randomBytes(10).toString('hex')}`,
          openKey: openKeyOf(invitation.organizationId, invitation.email),
          roles: rolesToText(roles),
          tokenHash: sealer.hash(token),
          generation: 1,
        },
      });
      return toInvitation(row);
    },
    find: findById,
    findByAddress: (organizationId, email) => find([{ field: 'openKey', value: openKeyOf(organizationId, email) }]),
    async findByToken(token, at) {
      if (!tokenForm.test(token)) return null;
      const found = await find([{ field: 'tokenHash', operator: 'in', value: [...sealer.hashes(token)] }]);
      return found !== null && at < found.expiresAt ? found : null;
    },
    async list(organizationId, limit, before) {
      const where: RecordFilter[] = [ofOrganization(organizationId)];
      if (before !== undefined) where.push({ field: 'createdAt', operator: 'lt', value: before });
      const page = await findMany({ where, sortBy: { field: 'createdAt', direction: 'desc' }, limit });
      const last = page.at(-1);
      if (last === undefined || page.length < limit) return page;
      const listed = new Set(page.map(({ invitationId }) => invitationId));
      const atOnce = await findMany({
        where: [ofOrganization(organizationId), { field: 'createdAt', value: last.createdAt }],
        limit: atOnceLimit,
      });
      return [...page, ...atOnce.filter(({ invitationId }) => !listed.has(invitationId))];
    },
    listTo: (email) => findMany({ where: [{ field: 'email', value: email }], limit: atOnceLimit }),
    countOpen: (organizationId, at) =>
      records.count({
        model,
        where: [ofOrganization(organizationId), { field: 'expiresAt', operator: 'gt', value: at }],
      }),
    async renew(invitation, renewal, token) {
      const generation = invitation.generation + 1;
      const update = { ...renewal, generation, tokenHash: sealer.hash(token) };
      const count = await records.updateMany({ model, where: asRead(invitation), update });
      return count === 1 ? { ...invitation, ...renewal, generation } : null;
    },
    consume: async (invitation) => (await records.deleteMany({ model, where: asRead(invitation) })) === 1,
    async deleteAll(organizationId) {
      await records.deleteMany({ model, where: [ofOrganization(organizationId)] });
    },
  };
}

function openKeyOf(organizationId: string, email: string): string {
  return `${organizationId}:${email}`;
}

function toInvitation(row: InvitationRow): Invitation {
  const { invitationId, organizationId, email, invitedBy, generation, createdAt, sentAt, expiresAt } = row;
  const names = row.roles.split(' ').filter((role) => role !== '');
  return {
    invitationId,
    organizationId,
    email,
    roles: names,
    invitedBy,
    generation,
    createdAt,
    sentAt,
    expiresAt,
  };
}
