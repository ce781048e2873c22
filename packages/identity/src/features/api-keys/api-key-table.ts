import { randomBytes } from 'node:crypto';
import {
  assuranceLevels,
  recordModels,
  SallyportError,
  type AssuranceLevel,
  type RecordFilter,
  type Records,
  type Sealer,
} from '@sallyport/core';
import { toApiKeyHint } from './api-key-format.ts';

/** Who owns a key. */
export interface OwnerRef {
  readonly kind: 'user' | 'service';
  readonly id: string;
}

/** A key as it is stored, without any secret. */
export interface ApiKey {
  /** The public handle. */
  readonly keyId: string;
  readonly owner: OwnerRef;
  readonly name: string;
  readonly scopes: readonly string[];
  /** How sure it was who made it. */
  readonly acr: AssuranceLevel;
  /** The beginning of the secret. */
  readonly hint: string;
  /** The number of the secret. */
  readonly generation: number;
  readonly days: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  /** The secret before the present one, until when it works and when it was used last; `null` when there is none. */
  readonly previous: { readonly until: Date; readonly lastUsedAt: Date | null } | null;
}

/** A key to write. */
export interface NewApiKey extends Pick<
  ApiKey,
  'owner' | 'name' | 'scopes' | 'acr' | 'days' | 'createdAt' | 'expiresAt'
> {
  readonly secret: string;
}

/** A secret to put in place of the present one. */
export interface NewSecret {
  readonly secret: string;
  readonly expiresAt: Date;
  /** Until when the present one works on; `null` ends it. */
  readonly previousUntil: Date | null;
}

/** The keys of users and service accounts. Secrets are kept as HMACs alone. */
export interface ApiKeyTable {
  insert(key: NewApiKey): Promise<ApiKey>;
  find(keyId: string): Promise<ApiKey | null>;
  /** The key of a secret, revoked and expired ones too. Finds it under every accepted version of the root secret. */
  findBySecret(secret: string): Promise<{ readonly key: ApiKey; readonly isPrevious: boolean } | null>;
  /** Those that are not revoked, the newest first. */
  list(owner: OwnerRef): Promise<readonly ApiKey[]>;
  /** How many live at a time. */
  countLive(owner: OwnerRef, at: Date): Promise<number>;
  /** Compare-and-set on the number of the secret, which grows by one; `null` for all callers but the first. */
  replaceSecret(key: ApiKey, next: NewSecret): Promise<ApiKey | null>;
  /** `true` for exactly one caller. */
  revoke(keyId: string, at: Date): Promise<boolean>;
  recordUse(keyId: string, generation: number, at: Date): Promise<void>;
  forget(userId: string): Promise<void>;
}

interface ApiKeyRow {
  readonly keyId: string;
  readonly ownerKind: string;
  readonly ownerId: string;
  readonly name: string;
  readonly scopes: string;
  readonly acr: string;
  readonly hint: string;
  readonly keyHash: string;
  readonly previousHash: string | null;
  readonly previousUntil: Date | null;
  readonly previousUsedAt: Date | null;
  readonly generation: number;
  readonly days: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

const model = recordModels.apiKey;
const notRevoked: RecordFilter = { field: 'revokedAt', value: null };

/** Builds the table of keys. `sealer` is for the purpose `api-key`. */
export function createApiKeyTable(records: Records, sealer: Sealer): ApiKeyTable {
  const byId = (keyId: string): RecordFilter => ({ field: 'keyId', value: keyId });

  const findHashed = (field: 'keyHash' | 'previousHash', hashes: readonly string[]): Promise<ApiKeyRow | null> =>
    records.findOne<ApiKeyRow>({ model, where: [{ field, value: [...hashes], operator: 'in' }] });

  /** A key in use follows a rotation of the root secret by itself, so that the old version can go some day. */
  const hashAnew = async (field: 'keyHash' | 'previousHash', row: ApiKeyRow, hash: string): Promise<void> => {
    if (row[field] === hash || row[field] === null) return;
    const where = [byId(row.keyId), { field, value: row[field] }];
    // It works under the old hash as well: a database that cannot write now keeps no caller out.
    await records.updateMany({ model, where, update: { [field]: hash } }).catch(() => undefined);
  };

  const findRow = async (keyId: string): Promise<ApiKey | null> => {
    const row = await records.findOne<ApiKeyRow>({ model, where: [byId(keyId)] });
    return row === null ? null : toApiKey(row);
  };

  return {
    async insert({ secret, owner, scopes, ...rest }) {
      const row = await records.create<ApiKeyRow>({
        model,
        data: {
          ...rest,
          keyId: `key_${randomBytes(10).toString('hex')}`,
          ownerKind: owner.kind,
          ownerId: owner.id,
          scopes: scopes.join(' '),
          hint: toApiKeyHint(secret),
          keyHash: sealer.hash(secret),
          previousHash: null,
          previousUntil: null,
          previousUsedAt: null,
          generation: 1,
          lastUsedAt: null,
          revokedAt: null,
        },
      });
      return toApiKey(row);
    },
    find: findRow,
    async findBySecret(secret) {
      const hashes = sealer.hashes(secret);
      for (const field of ['keyHash', 'previousHash'] as const) {
        const row = await findHashed(field, hashes);
        if (row === null) continue;
        await hashAnew(field, row, hashes[0] ?? '');
        return { key: toApiKey(row), isPrevious: field === 'previousHash' };
      }
      return null;
    },
    async list(owner) {
      const rows = await records.findMany<ApiKeyRow>({
        model,
        where: [...ownedBy(owner), notRevoked],
        sortBy: { field: 'createdAt', direction: 'desc' },
      });
      return rows.map(toApiKey);
    },
    countLive: (owner, at) =>
      records.count({
        model,
        where: [...ownedBy(owner), notRevoked, { field: 'expiresAt', value: at, operator: 'gt' }],
      }),
    async replaceSecret({ keyId, generation }, { secret, expiresAt, previousUntil }) {
      const where = [byId(keyId), { field: 'generation', value: generation }, notRevoked];
      const row = await records.findOne<ApiKeyRow>({ model, where });
      if (row === null) return null;
      const count = await records.updateMany({
        model,
        where: [...where, { field: 'keyHash', value: row.keyHash }],
        update: {
          keyHash: sealer.hash(secret),
          hint: toApiKeyHint(secret),
          generation: generation + 1,
          expiresAt,
          lastUsedAt: null,
          previousHash: previousUntil === null ? null : row.keyHash,
          previousUntil,
          previousUsedAt: previousUntil === null ? null : row.lastUsedAt,
        },
      });
      return count === 1 ? findRow(keyId) : null;
    },
    async revoke(keyId, at) {
      const count = await records.updateMany({
        model,
        where: [byId(keyId), notRevoked],
        update: { revokedAt: at },
      });
      return count === 1;
    },
    async recordUse(keyId, generation, at) {
      const write = (of: number, update: Record<string, Date>): Promise<number> =>
        records.updateMany({ model, where: [byId(keyId), { field: 'generation', value: of }], update });
      if ((await write(generation, { lastUsedAt: at })) === 0) await write(generation + 1, { previousUsedAt: at });
    },
    async forget(userId) {
      await records.deleteMany({ model, where: ownedBy({ kind: 'user', id: userId }) });
    },
  };
}

function ownedBy({ kind, id }: OwnerRef): RecordFilter[] {
  return [
    { field: 'ownerId', value: id },
    { field: 'ownerKind', value: kind },
  ];
}

function toApiKey(row: ApiKeyRow): ApiKey {
  const acr = assuranceLevels.find((level) => level === row.acr);
  const kind = (['user', 'service'] as const).find((name) => name === row.ownerKind);
  if (acr === undefined || kind === undefined)
    throw new SallyportError('SP_INTERNAL', { reason: 'api-key-row-unknown' });
  return {
    keyId: row.keyId,
    owner: { kind, id: row.ownerId },
    name: row.name,
    scopes: row.scopes.split(' ').filter((scope) => scope !== ''),
    acr,
    hint: row.hint,
    generation: row.generation,
    days: row.days,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    lastUsedAt: row.lastUsedAt ?? null,
    revokedAt: row.revokedAt ?? null,
    previous: row.previousUntil == null ? null : { until: row.previousUntil, lastUsedAt: row.previousUsedAt ?? null },
  };
}
