import {
  retryContended,
  SallyportError,
  type AssuranceLevel,
  type InvalidationBus,
  type SecurityEventLog,
} from '@sallyport/core';
import type { AuditContext } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { ApiKeySettings } from './api-key-config.ts';
import type { ApiKeyEvent } from './api-key-events.ts';
import { createApiKey } from './api-key-format.ts';
import type { ApiKey, ApiKeyTable, OwnerRef } from './api-key-table.ts';
import type { FindKeyOwner } from './key-owners.ts';

/** A key to make for an owner. */
export interface ApiKeyRequest {
  readonly owner: OwnerRef;
  readonly name: string;
  /** Permissions; none that the owner does not hold. */
  readonly scopes: readonly string[];
  /** @default `apiKeys.usualDays` */
  readonly days?: number | undefined;
  /** How sure it is who asks. */
  readonly acr: AssuranceLevel;
}

/** A key, and its secret: the only time that it leaves identity. */
export interface MadeApiKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/** One key, as its owner or an operator names it. */
export interface ApiKeySelection {
  readonly keyId: string;
  /** Absent where an operator asks: then it may be that of any owner. */
  readonly owner?: OwnerRef;
}

/** API keys, as owners and operators change them. A change is durable, and every cache has heard of it, when it is done. */
export interface ApiKeys {
  /**
   * Makes a key. Rejects with `SP_NOT_FOUND` when the owner cannot have one, `SP_VALIDATION_FAILED` for scopes that the
   * owner does not hold or a life that is too long, `SP_TOO_MANY_KEYS`.
   */
  create(request: ApiKeyRequest, context: AuditContext): Promise<MadeApiKey>;
  /** Those of an owner that are not revoked, the newest first. */
  list(owner: OwnerRef): Promise<readonly ApiKey[]>;
  /**
   * Gives a key another secret and its whole life again. The old secret works on for a while, or ends at once with 0.
   * Rejects with `SP_NOT_FOUND`, and with `SP_CONFLICT` while an earlier one still works beside the present one, so that of
   * two rotations at the same time one is done.
   */
  rotate(selection: ApiKeySelection, overlapSeconds: number | undefined, context: AuditContext): Promise<MadeApiKey>;
  /** Resolves to `false` when it is unknown, another owner's, or revoked before. */
  revoke(selection: ApiKeySelection, context: AuditContext): Promise<boolean>;
  /** Revokes every key of an owner, and resolves to their number. */
  revokeAll(owner: OwnerRef, context: AuditContext): Promise<number>;
}

export interface ApiKeysOptions {
  readonly settings: ApiKeySettings;
  readonly table: ApiKeyTable;
  readonly findOwner: FindKeyOwner;
  /** Tells a user that a key of theirs was made. */
  readonly tellOwner: (userId: string) => Promise<void>;
  readonly events: SecurityEventLog<ApiKeyEvent>;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

/** Nothing is ever made again under a key that was revoked, whatever its generation. */
const everyGeneration = Number.MAX_SAFE_INTEGER;
const contention = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;
const dayMilliseconds = 86_400_000;

/** Builds the keys on their table. */
export function createApiKeys(options: ApiKeysOptions): ApiKeys {
  const { settings, table, findOwner, tellOwner, events, bus, transaction, makeReportedChange, now } = options;

  const publish = (keyId: string, minGeneration: number, reason: string): Promise<void> =>
    bus.publish({ kind: 'client', id: keyId, minGeneration, at: now(), reason });

  const findOwn = async ({ keyId, owner }: ApiKeySelection): Promise<ApiKey | null> => {
    const key = await table.find(keyId);
    const isOwn = key !== null && (owner === undefined || (owner.kind === key.owner.kind && owner.id === key.owner.id));
    return isOwn ? key : null;
  };

  const rotateOnce = async (
    selection: ApiKeySelection,
    overlapSeconds: number,
    context: AuditContext,
  ): Promise<(MadeApiKey & { readonly before: ApiKey }) | 'retry'> => {
    const at = now();
    const before = await findOwn(selection);
    if (before === null || before.revokedAt !== null || before.expiresAt <= at)
      throw new SallyportError('SP_NOT_FOUND', { reason: 'api-key-unknown' });
    if (overlapSeconds > 0 && before.previous !== null && before.previous.until > at)
      throw alreadyRotating(before, before.previous.until);
    const secret = createApiKey();
    const previousUntil = new Date(Math.min(at.getTime() + overlapSeconds * 1000, before.expiresAt.getTime()));
    const key = await transaction(() =>
      makeReportedChange({
        preview: async () => before,
        apply: () =>
          table.replaceSecret(before, {
            secret,
            expiresAt: new Date(at.getTime() + before.days * dayMilliseconds),
            previousUntil: overlapSeconds === 0 ? null : previousUntil,
          }),
        report: () =>
          events.append({
            type: 'api-key.rotated',
            at,
            outcome: 'success',
            target: before.owner.id,
            ...context,
            details: { keyId: before.keyId, overlapSeconds },
          }),
      }),
    );
    return key === null ? 'retry' : { key, secret, before };
  };

  const revoke: ApiKeys['revoke'] = async (selection, context) => {
    const key = await findOwn(selection);
    if (key === null) return false;
    const at = now();
    const { keyId } = key;
    const revoked = await transaction(() =>
      makeReportedChange({
        preview: async () => (key.revokedAt === null ? key : null),
        apply: async () => ((await table.revoke(keyId, at)) ? key : null),
        report: () =>
          events.append({
            type: 'api-key.revoked',
            at,
            outcome: 'success',
            target: key.owner.id,
            ...context,
            details: { keyId },
          }),
      }),
    );
    // Also for one that was revoked before: the process that did it may have ended before this line.
    await publish(keyId, everyGeneration, 'revoked');
    return revoked !== null;
  };

  return {
    async create({ owner: { kind, id }, name, scopes, acr, days = settings.usualDays }, context) {
      const owner = await findOwner({ kind, id });
      if (owner === null) throw new SallyportError('SP_NOT_FOUND', { reason: 'api-key-owner-unknown' });
      requireHeld(scopes, owner.permissions);
      if (days > settings.maxDays)
        throw invalid('days', `must be at most ${settings.maxDays}`, 'api-key-lives-too-long');
      const createdAt = now();
      const secret = createApiKey();
      const expiresAt = new Date(createdAt.getTime() + days * dayMilliseconds);
      const key = await transaction(async () => {
        if ((await table.countLive(owner, createdAt)) >= settings.maxPerOwner)
          throw new SallyportError('SP_TOO_MANY_KEYS', { reason: 'api-keys-per-owner' });
        const row = {
          owner: { kind, id },
          name,
          scopes: [...new Set(scopes)],
          acr,
          days,
          createdAt,
          expiresAt,
          secret,
        };
        const made = await table.insert(row);
        await events.append({
          type: 'api-key.created',
          at: createdAt,
          outcome: 'success',
          target: id,
          ...context,
          details: { keyId: made.keyId, scopes: [...made.scopes], expiresAt: expiresAt.toISOString() },
        });
        return made;
      });
      if (kind === 'user') await tellOwner(id);
      return { key, secret };
    },
    list: (owner) => table.list(owner),
    async rotate(selection, overlapSeconds = settings.overlapSeconds, context) {
      const { key, secret, before } = await retryContended(contention, () =>
        rotateOnce(selection, overlapSeconds, context),
      );
      // Caches read the old secret again, which ends sooner now. What was made for it holds unless it ended at once.
      await publish(key.keyId, overlapSeconds === 0 ? key.generation : before.generation, 'rotated');
      return { key, secret };
    },
    revoke,
    async revokeAll(owner, context) {
      let count = 0;
      for (const { keyId } of await table.list(owner)) if (await revoke({ keyId, owner }, context)) count++;
      return count;
    },
  };
}

function requireHeld(scopes: readonly string[], held: readonly string[]): void {
  if (scopes.every((scope) => held.includes(scope))) return;
  throw invalid('scopes', 'names a permission that the owner does not hold', 'api-key-scope-not-held');
}

/** Its name, because an owner knows keys by their names and no key by its id. */
function alreadyRotating({ name }: ApiKey, until: Date): SallyportError {
  const message = `is that of "${name}", which is being rotated: its secret before works until ${until.toISOString()}. Wait for that, or rotate with an overlap of 0 seconds, which ends both old secrets`;
  return new SallyportError('SP_CONFLICT', { reason: 'api-key-rotating', errors: [{ field: 'id', message }] });
}

function invalid(field: string, message: string, reason: string): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', { reason, errors: [{ field, message }] });
}
