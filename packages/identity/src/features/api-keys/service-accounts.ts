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

/** An account for a program: it cannot sign in, and calls with API keys. */
export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Grows when its authority changes. */
  readonly generation: number;
  readonly isDisabled: boolean;
  readonly createdAt: Date;
}

/** The service accounts of a deployment. Only operators change them. */
export interface ServiceAccounts {
  /** Rejects with `SP_CONFLICT` when the name is taken, `SP_VALIDATION_FAILED` for an unknown role. */
  create(account: Pick<ServiceAccount, 'name' | 'roles'>, context: AuditContext): Promise<ServiceAccount>;
  findById(id: string): Promise<ServiceAccount | null>;
  findByName(name: string): Promise<ServiceAccount | null>;
  /** All of them, by name. */
  list(): Promise<readonly ServiceAccount[]>;
  /** Every cache has heard of the change when this resolves. Rejects with `SP_NOT_FOUND`, `SP_VALIDATION_FAILED`. */
  setRoles(id: string, roles: readonly string[], context: AuditContext): Promise<ServiceAccount>;
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
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
}

type Change = { readonly roles: string } | { readonly disabledAt: Date | null };
type ChangeEvent = Extract<ApiKeyEvent, { readonly type: `service-account.${string}` }>;
type Report<Event extends ChangeEvent = ChangeEvent> = Event extends unknown ? Pick<Event, 'type' | 'details'> : never;

const model = recordModels.serviceAccount;
const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

/** Builds the service accounts on their table. */
export function createServiceAccounts(options: ServiceAccountsOptions): ServiceAccounts {
  const { records, roles, events, bus, transaction, makeReportedChange, now } = options;

  const find = async (field: 'id' | 'name', value: string): Promise<ServiceAccount | null> => {
    const row = await records.findOne<ServiceAccountRow>({ model, where: [{ field, value }] });
    return row === null ? null : toServiceAccount(row);
  };

  const requireRoles = async (names: readonly string[]): Promise<void> => {
    if ((await roles.unknownAmong(names)).length === 0) return;
    const errors = [{ field: 'roles', message: 'names an unknown role' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'role-unknown', errors });
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
            const count = await records.updateMany({
              model,
              where: [
                { field: 'id', value: id },
                { field: 'generation', value: before.generation },
              ],
              update: { ...update, generation: before.generation + 1 },
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
    async create({ name, roles: names }, context) {
      await requireRoles(names);
      if ((await find('name', name)) !== null) throw nameTaken();
      const data = { name, roles: rolesToText(names), generation: 1, disabledAt: null, createdAt: now() };
      return transaction(async () => {
        const row = await records.create<ServiceAccountRow>({ model, data }).catch((error: unknown) => {
          throw isDuplicateRow(error) ? nameTaken() : error;
        });
        await append({ type: 'service-account.created', details: { name, roles: [...names] } }, row.id, context);
        return toServiceAccount(row);
      });
    },
    findById: (id) => find('id', id),
    findByName: (name) => find('name', name),
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
    setDisabled: (id, isDisabled, context) =>
      change(id, isDisabled ? 'banned' : 'unbanned', context, ({ name }) => ({
        update: { disabledAt: isDisabled ? now() : null },
        report: { type: isDisabled ? 'service-account.disabled' : 'service-account.enabled', details: { name } },
      })),
  };
}

function nameTaken(): SallyportError {
  return new SallyportError('SP_CONFLICT', {
    reason: 'service-account-exists',
    errors: [{ field: 'name', message: 'is that of another service account' }],
  });
}

function toServiceAccount(row: ServiceAccountRow): ServiceAccount {
  return {
    id: row.id,
    name: row.name,
    roles: row.roles.split(' ').filter((role) => role !== ''),
    generation: row.generation,
    isDisabled: row.disabledAt !== null && row.disabledAt !== undefined,
    createdAt: row.createdAt,
  };
}
