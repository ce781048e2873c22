import { randomBytes, timingSafeEqual } from 'node:crypto';
import { recordModels, SallyportError, type RecordFilter, type Records, type Sealer } from '@sallyport/core';
import * as z from 'zod';
import { isClientSecret, toClientSecretHint } from './client-secret.ts';
import {
  clientAuthentications,
  clientKinds,
  clientTrusts,
  dpopDemands,
  grantTypes,
  type ClientRegistration,
  type OAuthClient,
} from './oauth-client.ts';

/** What to do with the secret of a client that is changed. */
export type SecretChange =
  | { readonly kind: 'stays' }
  | { readonly kind: 'goes' }
  /** `previousUntil` is until when the present one works on; `null` ends it. */
  | { readonly kind: 'replaced'; readonly secret: string; readonly previousUntil: Date | null };

/** A change of a row. */
export interface ClientRowChange {
  readonly registration: ClientRegistration;
  readonly secret: SecretChange;
  readonly disabledAt: Date | null;
  readonly at: Date;
}

/** The OAuth clients. Secrets are kept as HMACs alone. */
export interface ClientTable {
  /** Rejects as the records do where the name is taken. */
  insert(registration: ClientRegistration, secret: string | undefined, at: Date): Promise<OAuthClient>;
  find(id: string): Promise<OAuthClient | null>;
  findByName(name: string): Promise<OAuthClient | null>;
  /** In the order of their ids, after the one with this id. */
  list(limit: number, afterId?: string): Promise<readonly OAuthClient[]>;
  /** Compare-and-set on the generation, which grows by one; `null` for all callers but the first. */
  replace(client: OAuthClient, change: ClientRowChange): Promise<OAuthClient | null>;
  /** Compare-and-set, too: `true` for exactly one caller. */
  delete(client: OAuthClient): Promise<boolean>;
  /** Whether a text is the secret of a client that is not disabled, or the one before while that works. Under any version of the root secret. */
  hasSecret(id: string, secret: string, at: Date): Promise<boolean>;
}

const model = recordModels.oauthClient;

const optional = z.string().nullish();
const time = z.date();
const optionalTime = z.date().nullish();
const list = z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text)));
const words = z.string().transform((text) => text.split(' ').filter((word) => word !== ''));
/** What is read is checked: a row that was written by other means is no client. */
const rowSchema = z.object({
  clientId: z.string(),
  name: z.string(),
  trust: z.enum(clientTrusts),
  kind: z.enum(clientKinds).nullish(),
  authentication: z.enum(clientAuthentications),
  grantTypes: words.pipe(z.array(z.enum(grantTypes))),
  scopes: words,
  redirectUris: list,
  postLogoutRedirectUris: list,
  resources: list,
  serves: list.nullish(),
  backchannelLogoutUri: optional,
  jwks: optional,
  jwksUri: optional,
  homepage: optional,
  logoUri: optional,
  // Clients of before there were these have none.
  dpop: z.enum(dpopDemands).nullish(),
  requirePushedRequests: z.boolean().nullish(),
  certificateBoundTokens: z.boolean().nullish(),
  certificateName: optional,
  secretHash: optional,
  secretHint: optional,
  secretAt: optionalTime,
  previousHash: optional,
  previousUntil: optionalTime,
  generation: z.number(),
  disabledAt: optionalTime,
  tokensSince: optionalTime,
  createdAt: time,
  updatedAt: time,
});
type ClientRow = z.output<typeof rowSchema>;
const storedKeySet = z.object({ keys: z.array(z.record(z.string(), z.union([z.string(), z.array(z.string())]))) });

/** Builds the table of clients. `sealer` is for the purpose of client secrets. */
export function createClientTable(records: Records, sealer: Sealer): ClientTable {
  const findRow = async (where: RecordFilter): Promise<ClientRow | null> => {
    const row = await records.findOne({ model, where: [where] });
    return row === null ? null : parseRow(row);
  };
  const find = async (field: 'clientId' | 'nameKey', value: string): Promise<OAuthClient | null> => {
    const row = await findRow({ field, value });
    return row === null ? null : toClient(row);
  };
  /** Bound to the client: a row that is given the hash of another one has not got its secret. */
  const textOf = (id: string, secret: string): string => `${id} ${secret}`;

  /** A secret in use follows a rotation of the root secret by itself, so that the old version can go some day. */
  const hashAnew = async (field: 'secretHash' | 'previousHash', row: ClientRow, hash: string): Promise<void> => {
    const stored = row[field] ?? null;
    if (stored === hash || stored === null) return;
    const where = [idIs(row.clientId), { field, value: stored }];
    // It works under the old hash as well: a database that cannot write now keeps no client out.
    await records.updateMany({ model, where, update: { [field]: hash } }).catch(() => undefined);
  };

  return {
    async insert(registration, secret, at) {
      const clientId = `client_${randomBytes(10).toString('hex')}`;
      const kept = secret === undefined ? noSecret : secretColumns(sealer.hash(textOf(clientId, secret)), secret, at);
      await records.create({
        model,
        data: {
          clientId,
          ...toColumns(registration),
          ...kept,
          generation: 1,
          disabledAt: null,
          tokensSince: null,
          createdAt: at,
          updatedAt: at,
        },
      });
      return requireFound(await find('clientId', clientId));
    },
    find: (id) => find('clientId', id),
    findByName: (name) => find('nameKey', toNameKey(name)),
    async list(limit, afterId) {
      const rows = await records.findMany({
        model,
        ...(afterId === undefined ? {} : { where: [{ field: 'clientId', operator: 'gt' as const, value: afterId }] }),
        sortBy: { field: 'clientId', direction: 'asc' },
        limit,
      });
      return rows.map((row) => toClient(parseRow(row)));
    },
    async replace({ id, generation }, { registration, secret, disabledAt, at }) {
      const where = [idIs(id), { field: 'generation', value: generation }];
      const row = await records.findOne({ model, where });
      if (row === null) return null;
      const before = parseRow(row);
      const update = {
        ...toColumns(registration),
        ...secretUpdate(secret, before, at, (text) => sealer.hash(textOf(id, text))),
        disabledAt,
        ...(disabledAt === null || before.disabledAt != null ? {} : { tokensSince: disabledAt }),
        generation: generation + 1,
        updatedAt: at,
      };
      return (await records.updateMany({ model, where, update })) === 1 ? find('clientId', id) : null;
    },
    async delete({ id, generation }) {
      const where = [idIs(id), { field: 'generation', value: generation }];
      return (await records.deleteMany({ model, where })) === 1;
    },
    async hasSecret(id, secret, at) {
      if (!isClientSecret(secret)) return false;
      const row = await findRow(idIs(id));
      if (row === null || row.disabledAt != null) return false;
      const hashes = sealer.hashes(textOf(id, secret));
      for (const field of ['secretHash', 'previousHash'] as const) {
        const stored = row[field] ?? null;
        if (stored === null || !hashes.some((hash) => isSame(hash, stored))) continue;
        if (field === 'previousHash' && !((row.previousUntil ?? at) > at)) continue;
        await hashAnew(field, row, hashes[0] ?? '');
        return true;
      }
      return false;
    },
  };
}

const noSecret = { secretHash: null, secretHint: null, secretAt: null, previousHash: null, previousUntil: null };

function secretColumns(secretHash: string, secret: string, at: Date) {
  return { ...noSecret, secretHash, secretHint: toClientSecretHint(secret), secretAt: at };
}

function secretUpdate(change: SecretChange, before: ClientRow, at: Date, hash: (secret: string) => string): object {
  if (change.kind === 'stays') return {};
  if (change.kind === 'goes') return noSecret;
  const { secret, previousUntil } = change;
  const previousHash = previousUntil === null ? null : (before.secretHash ?? null);
  return {
    ...secretColumns(hash(secret), secret, at),
    ...(previousHash === null ? {} : { previousHash, previousUntil }),
  };
}

function toColumns(registration: ClientRegistration) {
  const { name, jwks, backchannelLogoutUri, jwksUri, homepage, logoUri, certificateName, ...rest } = registration;
  return {
    name,
    nameKey: toNameKey(name),
    trust: rest.trust,
    kind: rest.kind,
    authentication: rest.authentication,
    grantTypes: rest.grantTypes.join(' '),
    scopes: rest.scopes.join(' '),
    redirectUris: JSON.stringify(rest.redirectUris),
    postLogoutRedirectUris: JSON.stringify(rest.postLogoutRedirectUris),
    resources: JSON.stringify(rest.resources),
    serves: JSON.stringify(rest.serves),
    backchannelLogoutUri: backchannelLogoutUri ?? null,
    jwks: jwks === undefined ? null : JSON.stringify(jwks),
    jwksUri: jwksUri ?? null,
    homepage: homepage ?? null,
    logoUri: logoUri ?? null,
    dpop: rest.dpop,
    requirePushedRequests: rest.requirePushedRequests,
    certificateBoundTokens: rest.certificateBoundTokens,
    certificateName: certificateName ?? null,
  };
}

/** Names that people would take for the same are the same: in any case, width of letters and number of spaces. */
function toNameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

function idIs(id: string): RecordFilter {
  return { field: 'clientId', value: id };
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function requireFound(client: OAuthClient | null): OAuthClient {
  if (client === null) throw new SallyportError('SP_CONFLICT', { reason: 'oauth-client-changed' });
  return client;
}

function parseRow(row: unknown): ClientRow {
  const parsed = rowSchema.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new SallyportError('SP_INTERNAL', { reason: 'oauth-client-row-unknown', cause: parsed.error });
}

function toClient(row: ClientRow): OAuthClient {
  const { clientId: id, name, trust, authentication, generation, createdAt, updatedAt } = row;
  const { secretHint, secretAt, previousUntil, disabledAt, tokensSince } = row;
  return {
    id,
    name,
    trust,
    kind: row.kind ?? 'application',
    authentication,
    grantTypes: row.grantTypes,
    scopes: row.scopes,
    redirectUris: row.redirectUris,
    postLogoutRedirectUris: row.postLogoutRedirectUris,
    resources: row.resources,
    serves: row.serves ?? [],
    ...present('backchannelLogoutUri', row.backchannelLogoutUri),
    ...(row.jwks == null ? {} : { jwks: storedKeySet.parse(JSON.parse(row.jwks)) }),
    ...present('jwksUri', row.jwksUri),
    ...present('homepage', row.homepage),
    ...present('logoUri', row.logoUri),
    dpop: row.dpop ?? 'optional',
    requirePushedRequests: row.requirePushedRequests ?? false,
    certificateBoundTokens: row.certificateBoundTokens ?? false,
    ...present('certificateName', row.certificateName),
    generation,
    secret:
      secretHint == null || secretAt == null
        ? null
        : { hint: secretHint, createdAt: secretAt, previousUntil: previousUntil ?? null },
    ...(disabledAt == null ? {} : { disabledAt }),
    ...(tokensSince == null ? {} : { tokensSince }),
    createdAt,
    updatedAt,
  };
}

function present<Name extends string>(name: Name, value: string | null | undefined): Partial<Record<Name, string>> {
  return (value == null ? {} : { [name]: value }) as Partial<Record<Name, string>>; // The one member that it may have.
}
