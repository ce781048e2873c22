import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError, withJitter, type Logger, type Sealer, type SecurityEventLog } from '@sallyport/core';
import type { AuditContext } from '../../../events/audit-context.ts';
import type { MakeReportedChange } from '../../../events/reported-change.ts';
import type { ProviderClient } from '../provider-client.ts';
import type { ProviderEvent } from '../provider-events.ts';
import { refuse } from '../provider-refusal.ts';
import { openTokens, sealTokens, type KeptTokens, type ProviderTokens } from './kept-token.ts';
import type { KeptTokensChange, KeptTokenTable } from './kept-tokens.ts';

export interface RefreshParts {
  readonly keptTokens: KeptTokenTable;
  readonly tokenSealer: Sealer;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Whose tokens are asked for, and at which provider. */
export interface RefreshedIdentity {
  readonly identityId: string;
  /** `sub` of its ID tokens: a refreshed one of another user is refused (OpenID Connect Core, 12.2). */
  readonly subject: string;
  readonly client: ProviderClient;
}

/**
 * Resolves to tokens of which the access token is good for a while, refreshed where it was not. Rejects with
 * `SP_PROVIDER_NOT_CONNECTED`, `SP_PROVIDER_SIGN_IN_REQUIRED`, `SP_PROVIDER_UNAVAILABLE`.
 */
export type FreshTokens = (identity: RefreshedIdentity, where: AuditContext) => Promise<KeptTokens>;

/** An access token that is handed out lives at least so long: a service has to use it first. */
const freshMilliseconds = 60_000;
/** What another gateway has just fetched is taken as it is: some providers give tokens for less than a minute. */
const justFetchedMilliseconds = 5000;
/** Two requests to the provider, each with its time, and the writes around them. */
const leaseMilliseconds = 15_000;
const waitMilliseconds = 12_000;
const pollMilliseconds = 60;
/** A provider that fails is asked again after this. */
const pauseMilliseconds = 5000;
const maxFlights = 256;
const maxUnsaved = 1000;
const saveAttempts = 4;

/** Answers that never came: whether the provider rotated the refresh token is not known. */
const lostReplies: readonly unknown[] = ['provider-unreachable', 'provider-slow'];

/** What could not be written after the provider had answered. */
interface Unsaved {
  readonly row: KeptTokens;
  readonly change: KeptTokensChange;
}

/**
 * Builds what refreshes kept tokens. All who ask at the same time share one request to the provider: here by one promise, and
 * in other gateways by the lease in the row, which they wait for.
 *
 * A provider that rotates refresh tokens has thrown the old one away when its answer is lost. So a request without an answer
 * is sent once more at once, which providers with a grace period take; what was answered is written again and again, and
 * remembered where no database takes it.
 */
export function createFreshTokens(parts: RefreshParts): FreshTokens {
  const { keptTokens, tokenSealer, now } = parts;
  const flights = new Map<string, Promise<KeptTokens>>();
  const unsaved = new Map<string, Unsaved>();

  const refreshUnderLease = async (
    leased: KeptTokens,
    refreshToken: string,
    wasLeased: boolean,
    { client, subject }: RefreshedIdentity,
    where: AuditContext,
  ): Promise<KeptTokens | undefined> => {
    let isReplyLost = wasLeased;
    let tokens: ProviderTokens;
    try {
      tokens = await askTwice(client, refreshToken, subject, () => void (isReplyLost = true));
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      if (error.code === 'SP_PROVIDER_SIGN_IN_REQUIRED') {
        await endGrant(parts, leased, isReplyLost ? 'lost-reply' : 'refused', where);
        throw error;
      }
      // A lease that has run out says to the next one that an answer may have been lost.
      const leaseUntil = isReplyLost ? now() : null;
      await keptTokens.change(leased, { leaseUntil, nextAt: new Date(now().getTime() + pauseMilliseconds) });
      throw error;
    }
    const { accessToken, accessExpiresAt = null, scope = leased.scope } = tokens;
    const change = {
      sealed: sealTokens(tokenSealer, leased.handle, {
        accessToken,
        refreshToken: tokens.refreshToken ?? refreshToken,
      }),
      scope: scope ?? null,
      accessExpiresAt,
      leaseUntil: null,
      nextAt: null,
    };
    return save(leased, change);
  };

  /** `undefined` when another writer was first: the user signed in again, or disconnected the provider. */
  const save = async (row: KeptTokens, change: KeptTokensChange): Promise<KeptTokens | undefined> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const isSaved = await keptTokens.change(row, change);
        return isSaved ? { ...row, ...change, version: row.version + 1 } : undefined;
      } catch (error) {
        if (attempt < saveAttempts) {
          await delay(50 * 2 ** attempt);
          continue;
        }
        if (unsaved.size < maxUnsaved) unsaved.set(row.handle, { row, change });
        parts.logger.error('refreshed tokens of an identity provider could not be stored', {
          event: 'provider-tokens-not-stored',
          provider: row.provider,
        });
        throw error;
      }
    }
  };

  const saveLate = async ({ handle, version }: KeptTokens): Promise<boolean> => {
    const late = unsaved.get(handle);
    if (late === undefined) return false;
    if (late.row.version === version) await keptTokens.change(late.row, late.change);
    unsaved.delete(handle);
    return true;
  };

  const find = async (identity: RefreshedIdentity, where: AuditContext): Promise<KeptTokens> => {
    const waitsUntil = performance.now() + waitMilliseconds;
    for (let neededMilliseconds = freshMilliseconds; ;) {
      const row = await keptTokens.find(identity.identityId);
      if (row === null) throw refuse('provider-not-connected');
      if (row.state !== 'usable') throw refuse('grant-ended');
      const opened = openTokens(tokenSealer, row);
      if (opened === undefined) {
        await endGrant(parts, row, 'unreadable', where);
        continue;
      }
      const at = now().getTime();
      if (row.accessExpiresAt === null || row.accessExpiresAt.getTime() - at >= neededMilliseconds) return row;
      if (await saveLate(row)) continue;
      if (row.nextAt !== null && row.nextAt.getTime() > at) throw refuse('provider-paused');
      const { leaseUntil } = row;
      if (leaseUntil !== null && leaseUntil.getTime() > at) {
        if (performance.now() >= waitsUntil) throw refuse('provider-slow');
        await delay(withJitter(pollMilliseconds));
        neededMilliseconds = justFetchedMilliseconds;
        continue;
      }
      const { refreshToken } = opened;
      if (refreshToken === undefined || identity.client.refresh === undefined) {
        if (row.accessExpiresAt.getTime() > at) return row;
        await endGrant(parts, row, 'expired', where);
        continue;
      }
      const leased = await keptTokens.lease(row, new Date(at + leaseMilliseconds));
      if (leased === null) continue;
      const refreshed = await refreshUnderLease(leased, refreshToken, leaseUntil !== null, identity, where);
      if (refreshed !== undefined) return refreshed;
    }
  };

  return (identity, where) => {
    const running = flights.get(identity.identityId);
    if (running !== undefined) return running;
    if (flights.size >= maxFlights) return Promise.reject(refuse('too-many-refreshes'));
    const flight = find(identity, where).finally(() => flights.delete(identity.identityId));
    flights.set(identity.identityId, flight);
    return flight;
  };
}

async function askTwice(
  client: ProviderClient,
  refreshToken: string,
  subject: string,
  onLostReply: () => void,
): Promise<ProviderTokens> {
  if (client.refresh === undefined) throw new TypeError('the provider refreshes no tokens');
  try {
    return await client.refresh(refreshToken, subject);
  } catch (error) {
    if (!(error instanceof SallyportError) || !lostReplies.includes(error.reason)) throw error;
    onLostReply();
    return client.refresh(refreshToken, subject);
  }
}

/** The provider takes the refresh token no longer: nothing of it is kept, and its user has to sign in there again. */
async function endGrant(
  { keptTokens, tokenSealer, events, transaction, makeReportedChange, now }: RefreshParts,
  row: KeptTokens,
  reason: 'refused' | 'lost-reply' | 'expired' | 'unreadable',
  { requestId, address }: AuditContext,
): Promise<void> {
  const sealed = sealTokens(tokenSealer, row.handle, { accessToken: '', refreshToken: undefined });
  const change = { state: 'sign-in-required', sealed, leaseUntil: null, nextAt: null };
  await transaction(() =>
    makeReportedChange({
      preview: async () => row,
      apply: async () => ((await keptTokens.change(row, change)) ? row : null),
      report: ({ userId, provider }) =>
        events.append({
          type: 'provider.grant-ended',
          at: now(),
          outcome: 'refused',
          target: userId,
          requestId,
          address,
          details: { provider, reason },
        }),
    }),
  );
}
