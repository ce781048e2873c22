import {
  isDuplicateRow,
  recordModels,
  retryContended,
  SallyportError,
  type InvalidationBus,
  type Records,
  type SecurityEventLog,
} from '@sallyport/core';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import { rolesToText } from '../../accounts/user-table.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { ApiKeyEvent } from './api-key-events.ts';

/** An account for a program: it cannot sign in, and calls with API keys or a certificate. */
export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Grows when its authority changes. */
  readonly generation: number;
  readonly isDisabled: boolean;
  /** The name in its certificate, as `certificateNameOf` gives it; `null` where it calls with none. */
  readonly certificate: string | null;
  readonly createdAt: Date;
}

/** An account to make. */
export interface NewServiceAccount extends Pick<ServiceAccount, 'name' | 'roles'> {
  readonly certificate?: string | undefined;
}

/** The service accounts of a deployment. Only operators change them. */
export interface ServiceAccounts {
  /** Rejects with `SP_CONFLICT` when a name or certificate is taken, `SP_VALIDATION_FAILED` for an unknown role. */
  create(account: NewServiceAccount, context: AuditContext): Promise<ServiceAccount>;
  findById(id: string): Promise<ServiceAccount | null>;
  findByName(name: string): Promise<ServiceAccount | null>;
  findByCertificate(certificate: string): Promise<ServiceAccount | null>;
  /** All of them, by name. */
  list(): Promise<readonly ServiceAccount[]>;
  /** Every cache has heard of the change when this resolves. Rejects with `SP_NOT_FOUND`, `SP_VALIDATION_FAILED`. */
  setRoles(id: string, roles: readonly string[], context: AuditContext): Promise<ServiceAccount>;
  /**
   * Gives it the name of another certificate, or of none with `null`: a caller with the one before is unknown from
   * now on. Rejects with `SP_CONFLICT` when it is that of another account; as above.
   */
  setCertificate(id: string, certificate: string | null, context: AuditContext): Promise<ServiceAccount>;
  /** Disables it, or enables it again; as above. */
  setDisabled(id: string, isDisabled: boolean, context: AuditContext): Promise<ServiceAccount>;
}

export interface ServiceAccountsOptions {
  readonly records: Records;
  readonly roles: RoleDirectory;
  readonly events: SecurityEventLog<ApiKeyEvent>;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

interface ServiceAccountRow {
  readonly id: string;
  readonly name: string;
  readonly roles: string;
  readonly generation: number;
  readonly certificate?: string | null;
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
}

type Change =
  { readonly roles: string } | { readonly certificate: string | null } | { readonly disabledAt: Date | null };
type ChangeEvent = Extract<ApiKeyEvent, { readonly type: `service-account.${string}` }>;
type Report<Event extends ChangeEvent = ChangeEvent> = Event extends unknown ? Pick<Event, 'type' | 'details'> : never;

const model = recordModels.serviceAccount;
const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

/** Builds the service accounts on their table. */
export function createServiceAccounts(options: ServiceAccountsOptions): ServiceAccounts {
  const { records, roles, events, bus, transaction, makeReportedChange, now } = options;

  const find = async (field: 'id' | 'name' | 'certificate', value: string): Promise<ServiceAccount | null> => {
    const row = await records.findOne<ServiceAccountRow>({ model, where: [{ field, value }] });
    return row === null ? null : toServiceAccount(row);
  };

  const requireRoles = async (names: readonly string[]): Promise<void> => {
    if ((await roles.unknownAmong(names)).length === 0) return;
    const errors = [{ field: 'roles', message: 'names an unknown role' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'role-unknown', errors });
  };

  /** Tells what is taken before an event is written; of two at the same moment the database decides. */
  const requireFree = async (certificate: string, ownId?: string): Promise<void> => {
    const owner = await find('certificate', certificate);
    if (owner !== null && owner.id !== ownId) throw certificateTaken();
  };

  const append = (report: Report, target: string, context: AuditContext): Promise<void> => {
    // Type and details come from the same member.
    const event = { ...report, at: now(), outcome: 'success', target, ...context } as ChangeEvent;
    return events.append(event);
  };

  /** Compare-and-set on the generation; the row and its event, then the bus. */
  const change = (
    id: string,
    reason: string,
    context: AuditContext,
    changeOf: (before: ServiceAccount) => { readonly update: Change; readonly report: Report },
  ): Promise<ServiceAccount> =>
    retryContended(contention, async () => {
      const changed = await transaction(async () => {
        const before = await find('id', id);
        if (before === null) throw new SallyportError('SP_NOT_FOUND', { reason: 'service-account-unknown' });
        const { update, report } = changeOf(before);
        return makeReportedChange({
          preview: async () => before,
          apply: async () => {
            const count = await records
              .updateMany({
                model,
                where: [
                  { field: 'id', value: id },
                  { field: 'generation', value: before.generation },
                ],
                update: { ...update, generation: before.generation + 1 },
              })
              .catch((error: unknown) => {
                // Of what changes, the certificate alone is unique.
                throw isDuplicateRow(error) ? certificateTaken() : error;
              });
            return count === 1 ? find('id', id) : null;
          },
          report: () => append(report, id, context),
        });
      });
      if (changed === null) return 'retry';
      await bus.publish({ kind: 'user', id, minGeneration: changed.generation, at: now(), reason });
      return changed;
    });

  return {
    async create({ name, roles: names, certificate }, context) {
      await requireRoles(names);
      if ((await find('name', name)) !== null) throw nameTaken('is that of another service account');
      if (certificate !== undefined) await requireFree(certificate);
      const data = {
        name,
        roles: rolesToText(names),
        generation: 1,
        certificate: certificate ?? null,
        disabledAt: null,
        createdAt: now(),
      };
      const details = { name, roles: [...names], ...(certificate === undefined ? {} : { certificate }) };
      return transaction(async () => {
        const row = await records.create<ServiceAccountRow>({ model, data }).catch((error: unknown) => {
          throw isDuplicateRow(error) ? nameTaken('or its certificate is that of another service account') : error;
        });
        await append({ type: 'service-account.created', details }, row.id, context);
        return toServiceAccount(row);
      });
    },
    findById: (id) => find('id', id),
    findByName: (name) => find('name', name),
    findByCertificate: (certificate) => find('certificate', certificate),
    async list() {
      const rows = await records.findMany<ServiceAccountRow>({ model, sortBy: { field: 'name', direction: 'asc' } });
      return rows.map(toServiceAccount);
    },
    async setRoles(id, names, context) {
      await requireRoles(names);
      return change(id, 'roles-changed', context, ({ name, roles: before }) => ({
        update: { roles: rolesToText(names) },
        report: {
          type: 'service-account.roles-changed',
          details: { name, from: [...before], to: [...names] },
        },
      }));
    },
    async setCertificate(id, certificate, context) {
      if (certificate !== null) await requireFree(certificate, id);
      return change(id, 'certificate-changed', context, ({ name, certificate: before }) => ({
        update: { certificate },
        report: {
          type: 'service-account.certificate-changed',
          details: {
            name,
            ...(before === null ? {} : { from: before }),
            ...(certificate === null ? {} : { to: certificate }),
          },
        },
      }));
    },
    setDisabled: (id, isDisabled, context) =>
      change(id, isDisabled ? 'banned' : 'unbanned', context, ({ name }) => ({
        update: { disabledAt: isDisabled ? now() : null },
        report: { type: isDisabled ? 'service-account.disabled' : 'service-account.enabled', details: { name } },
      })),
  };
}

function nameTaken(message: string): SallyportError {
  return new SallyportError('SP_CONFLICT', {
    reason: 'service-account-exists',
    errors: [{ field: 'name', message }],
  });
}

function certificateTaken(): SallyportError {
  return new SallyportError('SP_CONFLICT', {
    reason: 'certificate-taken',
    errors: [{ field: 'certificate', message: 'is that of another service account' }],
  });
}

function toServiceAccount(row: ServiceAccountRow): ServiceAccount {
  return {
    id: row.id,
    name: row.name,
    roles: row.roles.split(' ').filter((role) => role !== ''),
    generation: row.generation,
    isDisabled: row.disabledAt !== null && row.disabledAt !== undefined,
    certificate: row.certificate ?? null,
    createdAt: row.createdAt,
  };
}
