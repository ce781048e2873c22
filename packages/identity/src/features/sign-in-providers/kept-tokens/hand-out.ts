import {
  SallyportError,
  type Meter,
  type ProviderTokenAnswer,
  type Sealer,
  type SecurityEventLog,
} from '@sallyport/core';
import type { UserTable } from '../../../accounts/user-table.ts';
import type { AuditContext } from '../../../events/audit-context.ts';
import type { ExternalIdentities } from '../external-identities.ts';
import type { ProviderClient } from '../provider-client.ts';
import type { ProviderEvent } from '../provider-events.ts';
import { refuse } from '../provider-refusal.ts';
import { openTokens } from './kept-token.ts';
import { createHandOutLog, type HandOut } from './note-hand-outs.ts';
import type { FreshTokens } from './refresh-kept-tokens.ts';

export interface HandOutParts {
  readonly users: UserTable;
  readonly identities: ExternalIdentities;
  readonly clients: ReadonlyMap<string, ProviderClient>;
  readonly freshTokens: FreshTokens;
  readonly tokenSealer: Sealer;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly meter: Meter;
  readonly now: () => Date;
}

/**
 * Hands out the access token that a provider gave for a user, to a service that may have it: whether it may, the gateway has
 * decided.
 *
 * Rejects with `SP_NOT_FOUND` for a provider whose tokens are not kept, `SP_PROVIDER_NOT_CONNECTED`,
 * `SP_PROVIDER_SIGN_IN_REQUIRED`, `SP_ACCOUNT_DISABLED`, `SP_PROVIDER_UNAVAILABLE`, `SP_STORE_UNAVAILABLE`.
 */
export type HandOutProviderToken = (handOut: HandOut, where: AuditContext) => Promise<ProviderTokenAnswer>;

/** Builds what hands tokens out. The refresh token never leaves. */
export function createHandOut(parts: HandOutParts): HandOutProviderToken {
  const { users, identities, clients, freshTokens, tokenSealer, events, meter, now } = parts;
  const noteHandOut = createHandOutLog(events, now);
  const counted = meter.counter({
    name: 'sallyport_provider_tokens_total',
    help: 'Tokens of identity providers that services asked for, by provider and outcome',
    labels: ['provider', 'outcome'],
  });

  const handOut = async (order: HandOut, where: AuditContext): Promise<ProviderTokenAnswer> => {
    const { userId, provider } = order;
    const client = clients.get(provider);
    if (client?.provider.keepTokens === undefined)
      throw new SallyportError('SP_NOT_FOUND', { reason: 'provider-tokens-not-kept' });
    const user = await users.findById(userId);
    if (user === null || user.isBanned) throw refuse('banned');
    const identity = (await identities.list(userId)).find((one) => one.provider === provider);
    if (identity === undefined) throw refuse('provider-not-connected');
    const row = await freshTokens({ identityId: identity.id, subject: identity.subject, client }, where);
    const opened = openTokens(tokenSealer, row);
    if (opened === undefined) throw refuse('grant-ended');
    await noteHandOut(order, where);
    return {
      provider,
      access_token: opened.accessToken,
      token_type: 'Bearer',
      ...(row.accessExpiresAt === null ? {} : { expires_at: row.accessExpiresAt.toISOString() }),
      ...(row.scope === null ? {} : { scope: row.scope }),
    };
  };

  return async (order, where) => {
    // Names of providers that there are, and no others: labels are bounded.
    const label = clients.has(order.provider) ? order.provider : 'unknown';
    try {
      const answer = await handOut(order, where);
      counted.of(label, 'handed-out').add();
      return answer;
    } catch (error) {
      counted.of(label, error instanceof SallyportError ? error.code : 'failed').add();
      throw error;
    }
  };
}
