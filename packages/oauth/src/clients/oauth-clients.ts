import {
  isDuplicateRow,
  retryContended,
  SallyportError,
  type InvalidationBus,
  type SecurityEventLog,
} from '@sallyport/core';
import type { AuditContext, Authority, MakeReportedChange } from '@sallyport/identity';
import { changingPermission, trustingPermission } from './client-permissions.ts';
import type { ClientEvent } from './client-events.ts';
import type { ClientChange } from './client-fields.ts';
import { applyClientChange, nameTaken, requireRotatable, requireSound, unknownClient } from './client-changes.ts';
import type { ClientRules } from './client-rules.ts';
import { createClientSecret } from './client-secret.ts';
import type { ClientRowChange, ClientTable } from './client-table.ts';
import { permissionsOfClient, usesSecret, type ClientRegistration, type OAuthClient } from './oauth-client.ts';

/** A client, and its secret where one was made: the only time that it leaves this server. */
export interface MadeClient {
  readonly client: OAuthClient;
  readonly secret?: string;
}

/**
 * The OAuth clients of a deployment, as administrators and operators change them. A change is durable, and every cache has
 * heard of it, when it is done. Who may make it is decided in its transaction: no actor registers, changes or touches a client
 * with permissions that they do not hold themselves, and a first-party client needs a permission of its own.
 *
 * All changes reject with `SP_AUTHORITY_EXCEEDED` or `SP_FORBIDDEN` for the actor of the context, and those of one client
 * with `SP_NOT_FOUND` where it is unknown.
 */
export interface OAuthClients {
  /** Rejects with `SP_VALIDATION_FAILED`, `SP_CONFLICT` for a name that another client has. */
  create(registration: ClientRegistration, context: AuditContext): Promise<MadeClient>;
  find(id: string): Promise<OAuthClient | null>;
  findByName(name: string): Promise<OAuthClient | null>;
  /** In the order of their ids, after the one with this id. */
  list(limit: number, afterId?: string): Promise<readonly OAuthClient[]>;
  /** As `create`. Makes a secret where the client has none and needs one now. */
  update(id: string, change: ClientChange, context: AuditContext): Promise<MadeClient>;
  /**
   * Gives a client another secret. The old one works on for a while, or ends at once with 0. Rejects with `SP_CONFLICT` for a
   * client without a secret, and while an earlier one still works beside the present one, so that of two rotations at the
   * same time one is done.
   */
  rotateSecret(id: string, overlapSeconds: number | undefined, context: AuditContext): Promise<MadeClient>;
  /** Disables a client, which ends its tokens, or enables it again: its old tokens stay ended. */
  setDisabled(id: string, isDisabled: boolean, context: AuditContext): Promise<OAuthClient>;
  /** Deletes a client with its tokens; its events stay. */
  delete(id: string, context: AuditContext): Promise<void>;
  /** Whether a text is the secret of a client that is not disabled, or the one before while that works. */
  verifySecret(client: Pick<OAuthClient, 'id'>, secret: string): Promise<boolean>;
}

export interface OAuthClientsOptions extends ClientRules {
  readonly table: ClientTable;
  readonly authority: Pick<Authority, 'requirePermissions' | 'noteRefusal'>;
  readonly events: SecurityEventLog<ClientEvent>;
  readonly bus: InvalidationBus;
  /** How long the secret before works on after a rotation, in seconds. */
  readonly overlapSeconds: number;
  /** Ends the grants of a client: what is stored of its codes and tokens. Joins the transaction that it is called in. */
  readonly endGrants: (clientId: string) => Promise<void>;
  /** Forgets who is signed in to a client that is deleted. Joins the transaction that it is called in. */
  readonly forgetSignIns: (clientId: string) => Promise<void>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

type Report<Event extends ClientEvent = ClientEvent> = Event extends unknown ? Pick<Event, 'type' | 'details'> : never;

/** What becomes of a client, and what is reported of it. */
interface PlannedChange extends Omit<ClientRowChange, 'at'> {
  readonly report: Report;
}

const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;
/** Nothing is ever made again for a client that is gone. */
const everyGeneration = Number.MAX_SAFE_INTEGER;

/** Builds the clients on their table. */
export function createOAuthClients(options: OAuthClientsOptions): OAuthClients {
  const { table, authority, events, bus, overlapSeconds: usualOverlap, endGrants, forgetSignIns } = options;
  const { transaction, makeReportedChange, now } = options;

  const publish = (id: string, minGeneration: number, reason: string): Promise<void> =>
    bus.publish({ kind: 'client', id, minGeneration, at: now(), reason });

  const append = (report: Report, target: string, context: AuditContext): Promise<void> => {
    // Type and details come from the same member.
    const event = { ...report, at: now(), outcome: 'success', target, ...context } as ClientEvent;
    return events.append(event);
  };

  /** Demands that the actor holds what these registrations can be used for. */
  const requireAuthority = (registrations: readonly ClientRegistration[], context: AuditContext): Promise<void> =>
    authority.requirePermissions(
      {
        toChange: changingPermission,
        touched: [
          ...registrations.flatMap(permissionsOfClient),
          // It is given whatever its users hold, without asking them.
          ...(registrations.some(({ trust }) => trust === 'first-party') ? [trustingPermission] : []),
        ],
      },
      context,
    );

  /** A transaction, repeated while others are faster. A refusal is written down after it was taken back. */
  const change = <Outcome extends object>(
    target: string | undefined,
    context: AuditContext,
    work: () => Promise<Outcome | null>,
  ): Promise<Outcome> =>
    retryContended(contention, async () => {
      const changed = await transaction(work).catch(async (error: unknown) => {
        await authority.noteRefusal(error, target, context);
        throw isDuplicateRow(error) ? nameTaken() : error;
      });
      return changed ?? 'retry';
    });

  const requireClient = async (id: string): Promise<OAuthClient> => {
    const client = await table.find(id);
    if (client === null) throw unknownClient();
    return client;
  };

  const requireFreeName = async (name: string, ownId?: string): Promise<void> => {
    const owner = await table.findByName(name);
    if (owner !== null && owner.id !== ownId) throw nameTaken();
  };

  /** Changes a client as `planOf` says, which is asked in the transaction; `undefined` leaves it as it is. */
  const changeClient = (
    id: string,
    context: AuditContext,
    planOf: (before: OAuthClient) => PlannedChange | undefined | Promise<PlannedChange | undefined>,
  ): Promise<OAuthClient> =>
    change(id, context, async () => {
      const before = await requireClient(id);
      // Before anything is said about the client to an actor who may not touch it.
      await requireAuthority([before], context);
      const plan = await planOf(before);
      if (plan === undefined) return before;
      const { report, ...planned } = plan;
      await requireAuthority([planned.registration], context);
      const changed = await makeReportedChange({
        preview: async () => before,
        apply: () => table.replace(before, { ...planned, at: now() }),
        report: () => append(report, id, context),
      });
      if (changed !== null && changed.disabledAt !== undefined) await endGrants(id);
      return changed;
    });

  return {
    async create(registration, context) {
      requireSound(registration, options);
      const secret = usesSecret(registration) ? createClientSecret() : undefined;
      const client = await change(undefined, context, async () => {
        await requireAuthority([registration], context);
        await requireFreeName(registration.name);
        const { name, trust, scopes } = registration;
        const made = await table.insert(registration, secret, now());
        await append({ type: 'oauth-client.created', details: { name, trust, scopes: [...scopes] } }, made.id, context);
        return made;
      });
      return { client, ...(secret === undefined ? {} : { secret }) };
    },
    find: (id) => table.find(id),
    findByName: (name) => table.findByName(name),
    list: (limit, afterId) => table.list(limit, afterId),
    async update(id, wanted, context) {
      const made = { secret: createClientSecret(), isUsed: false };
      const fields = Object.keys(wanted).toSorted();
      const client = await changeClient(id, context, async (before) => {
        if (fields.length === 0) return undefined;
        const registration = applyClientChange(before, wanted);
        requireSound(registration, options);
        await requireFreeName(registration.name, id);
        const hasSecret = before.secret !== null;
        made.isUsed = usesSecret(registration) && !hasSecret;
        const { name, scopes } = registration;
        const secret = usesSecret(registration)
          ? hasSecret
            ? ({ kind: 'stays' } as const)
            : ({ kind: 'replaced', secret: made.secret, previousUntil: null } as const)
          : ({ kind: 'goes' } as const);
        return {
          registration,
          secret,
          disabledAt: before.disabledAt ?? null,
          report: { type: 'oauth-client.changed', details: { name, fields, scopes: [...scopes] } },
        };
      });
      // What was issued under the registration before may say more than the present one allows: it is made anew.
      await publish(id, client.generation, 'changed');
      return { client, ...(made.isUsed ? { secret: made.secret } : {}) };
    },
    async rotateSecret(id, overlapSeconds = usualOverlap, context) {
      const secret = createClientSecret();
      const client = await changeClient(id, context, (before) => {
        requireRotatable(before, overlapSeconds, now());
        const previousUntil = overlapSeconds === 0 ? null : new Date(now().getTime() + overlapSeconds * 1000);
        return {
          registration: before,
          secret: { kind: 'replaced', secret, previousUntil },
          disabledAt: before.disabledAt ?? null,
          report: { type: 'oauth-client.secret-rotated', details: { name: before.name, overlapSeconds } },
        };
      });
      await publish(id, client.generation, 'rotated');
      return { client, secret };
    },
    async setDisabled(id, isDisabled, context) {
      const client = await changeClient(id, context, (before) => {
        const { name, disabledAt } = before;
        if (isDisabled === (disabledAt !== undefined)) return undefined;
        return {
          registration: before,
          secret: { kind: 'stays' },
          disabledAt: isDisabled ? now() : null,
          report: { type: isDisabled ? 'oauth-client.disabled' : 'oauth-client.enabled', details: { name } },
        };
      });
      // Also for one that was disabled before: the process that did it may have ended before this line.
      await publish(id, client.generation, isDisabled ? 'disabled' : 'enabled');
      return client;
    },
    async delete(id, context) {
      try {
        await change(id, context, async () => {
          const before = await requireClient(id);
          await requireAuthority([before], context);
          const deleted = await makeReportedChange({
            preview: async () => before,
            // The delete decides: the client may be changed at the same moment.
            apply: async () => ((await table.delete(before)) ? before : null),
            report: () => append({ type: 'oauth-client.deleted', details: { name: before.name } }, id, context),
          });
          if (deleted === null) return null;
          await endGrants(id);
          await forgetSignIns(id);
          return deleted;
        });
      } catch (error) {
        // The process that deleted it before may have died before it published that, which is made good now.
        if (error instanceof SallyportError && error.code === 'SP_NOT_FOUND')
          await publish(id, everyGeneration, 'deleted');
        throw error;
      }
      await publish(id, everyGeneration, 'deleted');
    },
    verifySecret: ({ id }, secret) => table.hasSecret(id, secret, now()),
  };
}
