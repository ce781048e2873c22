import {
  isDuplicateRow,
  recordModels,
  SallyportError,
  type RecordFilter,
  type Records,
  type Sealer,
} from '@sallyport/core';
import * as z from 'zod';
import { artifactContextOf } from './artifact-table.ts';

/** What the provider keeps of each kind. The names are those of the library; `TokenAnswer` and the last four are ours. */
export type ArtifactKind =
  | 'Session'
  | 'Interaction'
  | 'Grant'
  | 'AuthorizationCode'
  | 'PushedAuthorizationRequest'
  | 'AccessToken'
  | 'RefreshToken'
  | 'ClientCredentials'
  | 'ReplayDetection'
  | 'TokenAnswer'
  | 'DeviceCode'
  | 'UserCode'
  | 'DevicePoll'
  | 'DeviceSignIn'
  | 'Delegation';

/** What is found by a kind and an id. The id of a code or a token is what its bearer presents. */
export interface ArtifactName {
  readonly kind: ArtifactKind;
  readonly id: string;
}

/** An artifact to keep. */
export interface Artifact extends ArtifactName {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly expiresAt: Date;
}

/** An artifact as it is kept. */
export interface StoredArtifact {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumedAt: Date | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When a token of it was used last, to the minute; of grants and delegations. */
  readonly lastUsedAt: Date | null;
}

/** An artifact of a user. */
export interface OwnedArtifact extends StoredArtifact {
  /** The grant that it is, or belongs to. */
  readonly grantId: string | null;
}

/** Where the provider keeps things. Every method rejects with `SP_STORE_UNAVAILABLE` when the store does not answer. */
export interface Artifacts {
  find(name: ArtifactName): Promise<StoredArtifact | null>;
  /** Keeps something new. Resolves to `false` when there is one of that name: of several callers one is the first. */
  insert(artifact: Artifact): Promise<boolean>;
  /** Keeps it in place of what there was of that name. */
  save(artifact: Artifact): Promise<void>;
  /** Uses it up: compare-and-set, `true` for exactly one caller. */
  consume(name: ArtifactName, at: Date): Promise<boolean>;
  /** Notes that it was used: once a minute, however often it is called and at how many gateways. */
  recordUse(name: ArtifactName, at: Date): Promise<void>;
  /** Resolves to whether there was one. */
  remove(name: ArtifactName): Promise<boolean>;
  /** Those of a kind that belong to a user and have not expired. */
  listOfSubject(kind: ArtifactKind, subject: string): Promise<readonly OwnedArtifact[]>;
  /** Those of a kind that belong to a client and have not expired. */
  listOfClient(kind: ArtifactKind, clientId: string): Promise<readonly OwnedArtifact[]>;
  countOfClient(kind: ArtifactKind, clientId: string, at: Date): Promise<number>;
  /** Deletes those of a kind that belong to a grant. */
  removeOfGrant(kind: ArtifactKind, grantId: string): Promise<void>;
  /** Deletes everything of a client. Joins the transaction that it is called in. */
  removeOfClient(clientId: string): Promise<void>;
  /** Deletes everything of a user. Joins the transaction that it is called in. */
  removeOfSubject(subject: string): Promise<void>;
}

const model = recordModels.oauthArtifact;
const useSeconds = 60;

const rowSchema = z.object({
  artifactHash: z.string(),
  kind: z.string(),
  payload: z.string(),
  grantId: z.string().nullish(),
  consumedAt: z.date().nullish(),
  createdAt: z.date(),
  expiresAt: z.date(),
  lastUsedAt: z.date().nullish(),
});
const payloadSchema = z.record(z.string(), z.unknown());

/** Builds it on the records of the deployment. `sealer` is for the purpose of artifacts. */
export function createArtifacts(records: Records, sealer: Sealer, now: () => Date): Artifacts {
  const textOf = ({ kind, id }: ArtifactName): string => `${kind} ${id}`;
  const named = (name: ArtifactName): RecordFilter => ({
    field: 'artifactHash',
    operator: 'in',
    value: [...sealer.hashes(textOf(name))],
  });
  const columnsOf = ({ kind, id, payload, expiresAt }: Artifact, artifactHash: string) => ({
    kind,
    payload: sealer.seal(JSON.stringify(payload), artifactContextOf({ kind, artifactHash })),
    grantId: kind === 'Grant' ? id : textIn(payload, 'grantId'),
    clientId: textIn(payload, 'clientId'),
    subject: textIn(payload, 'accountId'),
    expiresAt,
  });

  const open = (row: unknown): OwnedArtifact => {
    const { artifactHash, kind, payload, ...rest } = rowSchema.parse(row);
    const text = sealer.open(payload, artifactContextOf({ kind, artifactHash }));
    return {
      payload: payloadSchema.parse(JSON.parse(text)),
      grantId: rest.grantId ?? null,
      consumedAt: rest.consumedAt ?? null,
      createdAt: rest.createdAt,
      expiresAt: rest.expiresAt,
      lastUsedAt: rest.lastUsedAt ?? null,
    };
  };

  const insert = async (artifact: Artifact): Promise<boolean> => {
    const artifactHash = sealer.hash(textOf(artifact));
    const data = {
      artifactHash,
      ...columnsOf(artifact, artifactHash),
      consumedAt: null,
      lastUsedAt: null,
      createdAt: now(),
    };
    try {
      await records.create({ model, data });
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  };
  const replace = async (artifact: Artifact): Promise<boolean> => {
    for (const artifactHash of sealer.hashes(textOf(artifact))) {
      const where = [{ field: 'artifactHash', value: artifactHash }];
      if ((await records.updateMany({ model, where, update: columnsOf(artifact, artifactHash) })) > 0) return true;
    }
    return false;
  };

  const liveOf = (field: 'subject' | 'clientId', kind: ArtifactKind, value: string, at: Date): RecordFilter[] => [
    { field, value },
    { field: 'kind', value: kind },
    { field: 'expiresAt', operator: 'gt', value: at },
  ];

  return {
    async find(name) {
      const found = await records.findOne({ model, where: [named(name)] });
      return found === null ? null : open(found);
    },
    async listOfSubject(kind, subject) {
      return (await records.findMany<unknown>({ model, where: liveOf('subject', kind, subject, now()) })).map(open);
    },
    async listOfClient(kind, clientId) {
      return (await records.findMany<unknown>({ model, where: liveOf('clientId', kind, clientId, now()) })).map(open);
    },
    countOfClient: (kind, clientId, at) => records.count({ model, where: liveOf('clientId', kind, clientId, at) }),
    insert,
    async save(artifact) {
      if (await replace(artifact)) return;
      if (await insert(artifact)) return;
      // Another one kept it first, in between.
      await replace(artifact);
    },
    async consume(name, at) {
      const where: RecordFilter[] = [named(name), { field: 'consumedAt', value: null }];
      return (await records.updateMany({ model, where, update: { consumedAt: at } })) === 1;
    },
    async recordUse(name, at) {
      const aMinuteAgo = new Date(at.getTime() - useSeconds * 1000);
      const isDue: readonly RecordFilter[] = [
        { field: 'lastUsedAt', operator: 'lt', value: aMinuteAgo },
        { field: 'lastUsedAt', value: null },
      ];
      for (const condition of isDue)
        if ((await records.updateMany({ model, where: [named(name), condition], update: { lastUsedAt: at } })) > 0)
          return;
    },
    async remove(name) {
      return (await records.deleteMany({ model, where: [named(name)] })) > 0;
    },
    async removeOfGrant(kind, grantId) {
      const where = [
        { field: 'grantId', value: grantId },
        { field: 'kind', value: kind },
      ];
      await records.deleteMany({ model, where });
    },
    async removeOfClient(clientId) {
      await records.deleteMany({ model, where: [{ field: 'clientId', value: clientId }] });
    },
    async removeOfSubject(subject) {
      await records.deleteMany({ model, where: [{ field: 'subject', value: subject }] });
    },
  };
}

function isTaken(error: unknown): boolean {
  return isDuplicateRow(error) || (error instanceof SallyportError && error.code === 'SP_CONFLICT');
}

function textIn(payload: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = payload[name];
  return typeof value === 'string' ? value : null;
}
