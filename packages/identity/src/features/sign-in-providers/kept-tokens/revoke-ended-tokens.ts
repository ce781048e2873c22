import { AsyncResource } from 'node:async_hooks';
import { exponentialBackoff, type Logger, type Sealer, type SecurityEventLog } from '@sallyport/core';
import type { ProviderClient } from '../provider-client.ts';
import type { ProviderEvent } from '../provider-events.ts';
import { openTokens, type KeptTokens } from './kept-token.ts';
import type { KeptTokenTable } from './kept-tokens.ts';

export interface RevocationParts {
  readonly keptTokens: KeptTokenTable;
  readonly tokenSealer: Sealer;
  readonly clients: ReadonlyMap<string, ProviderClient>;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Revokes at their providers what was given over to it. */
export interface TokenRevocation {
  /** Soon, in the background. */
  wake(): void;
  /** What is due now. Rejects when the database does not answer. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** It is done by no request. */
const housekeeping = { requestId: 'housekeeping', address: 'local' } as const;
const batch = 20;
const leaseMilliseconds = 15_000;
/** The last try is some seven hours after the first. */
const maxAttempts = 10;
const backoff = { firstMilliseconds: 30_000, maxMilliseconds: 4 * 3_600_000 };
const intervalMilliseconds = 30_000;
/** After the transaction that asked for it. */
const wakeMilliseconds = 200;

/**
 * Builds what revokes tokens at their providers (RFC 7009). What has to be revoked is in the database, so that it is done
 * after a crash as well; a failure is tried again with growing pauses, and given up in the end. A provider that announces no
 * revocation has it forgotten.
 */
export function createTokenRevocation(parts: RevocationParts): TokenRevocation {
  const { keptTokens, logger, now } = parts;
  let running: Promise<void> | undefined;
  let waking: NodeJS.Timeout | undefined;

  const run = async (): Promise<void> => {
    for (const row of await keptTokens.due(batch)) {
      // The lease: of several gateways one revokes it.
      const nextAt = new Date(now().getTime() + leaseMilliseconds);
      if (!(await keptTokens.change(row, { nextAt }))) continue;
      await revokeOne(parts, { ...row, version: row.version + 1 });
    }
  };
  // In the context of now: the transaction that wakes it is over when it runs.
  const runInBackground = AsyncResource.bind((): void => {
    running ??= run()
      .catch(() => {
        logger.error('tokens of identity providers could not be revoked', { event: 'provider-revocation-failed' });
      })
      .finally(() => {
        running = undefined;
      });
  });
  const interval = parts.clients.size === 0 ? undefined : setInterval(runInBackground, intervalMilliseconds).unref();
  return {
    run,
    wake() {
      waking ??= setTimeout(() => {
        waking = undefined;
        runInBackground();
      }, wakeMilliseconds).unref();
    },
    async close() {
      clearInterval(interval);
      clearTimeout(waking);
      await running;
    },
  };
}

async function revokeOne(
  { keptTokens, tokenSealer, clients, events, logger, now }: RevocationParts,
  row: KeptTokens,
): Promise<void> {
  const { provider, userId, attempts } = row;
  const end = async (how: 'revoked' | 'not-announced' | 'given-up'): Promise<void> => {
    const outcome = how === 'revoked' ? 'success' : 'refused';
    await events.append({
      type: 'provider.tokens-revoked',
      at: now(),
      outcome,
      target: userId,
      ...housekeeping,
      details: { provider, how },
    });
    await keptTokens.delete(row);
  };
  const client = clients.get(provider);
  const opened = openTokens(tokenSealer, row);
  try {
    const isAnnounced = client?.revoke === undefined || opened === undefined ? false : await client.revoke(opened);
    return await end(isAnnounced ? 'revoked' : 'not-announced');
  } catch {
    logger.warn('an identity provider did not revoke tokens', { event: 'provider-revocation-failed', provider });
  }
  if (attempts + 1 >= maxAttempts) return end('given-up');
  const nextAt = new Date(now().getTime() + exponentialBackoff(attempts, backoff));
  await keptTokens.change(row, { attempts: attempts + 1, nextAt });
}
