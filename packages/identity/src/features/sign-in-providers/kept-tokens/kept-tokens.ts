import { randomBytes } from 'node:crypto';
import {
  isDuplicateRow,
  recordModels,
  retryContended,
  type RecordFilter,
  type Records,
  type Sealer,
} from '@sallyport/core';
import type { ExternalIdentities } from '../external-identities.ts';
import { openTokens, sealTokens, type KeptTokens, type ProviderTokens } from './kept-token.ts';

/** Whose tokens are kept. */
export interface TokenOwner {
  readonly identityId: string;
  readonly userId: string;
  /** The name of the provider in the configuration. */
  readonly provider: string;
}

/** A change of kept tokens. */
export type KeptTokensChange = Partial<
  Pick<
    KeptTokens,
    'identityId' | 'state' | 'sealed' | 'scope' | 'accessExpiresAt' | 'leaseUntil' | 'attempts' | 'nextAt'
  >
>;

/** The tokens that providers gave, sealed. Every write is a compare-and-set on the version of the row. */
export interface KeptTokenTable {
  find(identityId: string): Promise<KeptTokens | null>;
  /** Those of an identity that signed in again take the place of those before. Rejects with `SP_CONFLICT`. */
  keep(owner: TokenOwner, tokens: ProviderTokens): Promise<void>;
  /** Writes, if nothing was written since the row was read. */
  change(row: KeptTokens, change: KeptTokensChange): Promise<boolean>;
  /** The same, and resolves to the row as it is now; `null` when another writer was first. */
  lease(row: KeptTokens, until: Date): Promise<KeptTokens | null>;
  /**
   * Gives them over to revocation at their provider: of one identity, or of an account. They are handed out no longer.
   * Joins the transaction that it is called in.
   *
   * @param providers only those of these. @default all
   */
  end(of: { readonly identityId: string } | { readonly userId: string }, providers?: readonly string[]): Promise<void>;
  /** Those that wait for their revocation, and whose time has come. */
  due(limit: number): Promise<readonly KeptTokens[]>;
  /** Deletes a row as it was read. */
  delete(row: KeptTokens): Promise<boolean>;
}

const model = recordModels.providerToken;
const contention = { maxAttempts: 6, code: 'SP_CONFLICT' } as const;

/** Builds the table. */
export function createKeptTokenTable(
  records: Records,
  sealer: Sealer,
  identities: Pick<ExternalIdentities, 'list'>,
  now: () => Date,
): KeptTokenTable {
  const byIdentity = (identityId: string): RecordFilter[] => [{ field: 'identityId', value: identityId }];
  const find = (identityId: string): Promise<KeptTokens | null> =>
    records.findOne<KeptTokens>({ model, where: byIdentity(identityId) });

  const change: KeptTokenTable['change'] = async ({ id, version }, update) => {
    const where: RecordFilter[] = [
      { field: 'id', value: id },
      { field: 'version', value: version },
    ];
    return (
      (await records.updateMany({ model, where, update: { ...update, version: version + 1, changedAt: now() } })) === 1
    );
  };

  const end: KeptTokenTable['end'] = async (of, providers) => {
    const owned: RecordFilter[] =
      'identityId' in of ? byIdentity(of.identityId) : [{ field: 'userId', value: of.userId }];
    for (const { id } of await records.findMany<KeptTokens>({ model, where: owned })) {
      // Whatever is written at this moment: a refresh that comes back finds another version, and writes nothing.
      await retryContended(contention, async () => {
        const row = await records.findOne<KeptTokens>({ model, where: [{ field: 'id', value: id }] });
        if (row === null || row.state === 'ended') return undefined;
        if (providers !== undefined && !providers.includes(row.provider)) return undefined;
        const ended = { identityId: null, state: 'ended', leaseUntil: null, attempts: 0, nextAt: now() };
        return (await change(row, ended)) ? undefined : 'retry';
      });
    }
  };

  return {
    find,
    change,
    end,
    async keep(owner, tokens) {
      const { identityId, userId, provider } = owner;
      const said = {
        state: 'usable',
        scope: tokens.scope ?? null,
        accessExpiresAt: tokens.accessExpiresAt ?? null,
        leaseUntil: null,
      };
      await retryContended(contention, async () => {
        const row = await find(identityId);
        if (row === null) {
          const handle = randomBytes(16).toString('base64url');
          const sealed = sealTokens(sealer, handle, tokens);
          const data = { ...owner, ...said, handle, sealed, version: 1, attempts: 0, nextAt: null, changedAt: now() };
          try {
            await records.create({ model, data });
            return undefined;
          } catch (error) {
            if (isDuplicateRow(error)) return 'retry';
            throw error;
          }
        }
        // Google gives a refresh token with the first consent alone: the one that is kept stays good.
        const before = row.state === 'usable' ? openTokens(sealer, row)?.refreshToken : undefined;
        const sealed = sealTokens(sealer, row.handle, { ...tokens, refreshToken: tokens.refreshToken ?? before });
        return (await change(row, { ...said, sealed })) ? undefined : 'retry';
      });
      // The identity may have been disconnected at the same moment.
      const owned = await identities.list(userId);
      if (!owned.some((identity) => identity.id === identityId && identity.provider === provider))
        await end({ identityId });
    },
    async lease(row, leaseUntil) {
      const isMine = await change(row, { leaseUntil });
      return isMine ? { ...row, leaseUntil, version: row.version + 1 } : null;
    },
    due: (limit) =>
      records.findMany<KeptTokens>({
        model,
        where: [
          { field: 'state', value: 'ended' },
          { field: 'nextAt', operator: 'lte', value: now() },
        ],
        sortBy: { field: 'nextAt', direction: 'asc' },
        limit,
      }),
    async delete({ id, version }) {
      const where: RecordFilter[] = [
        { field: 'id', value: id },
        { field: 'version', value: version },
      ];
      return (await records.deleteMany({ model, where })) === 1;
    },
  };
}
