import {
  SallyportError,
  type ConnectedApp,
  type RequestContext,
  type SecurityEventLog,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import { whereOf, type IdentityKernel } from '@sallyport/identity';
import * as z from 'zod';
import type { OAuthClient } from '../clients/oauth-client.ts';
import type { DeviceSignIns } from '../device-flow/device-sign-ins.ts';
import { toClientHandle } from '../metadata-documents/document-address.ts';
import type { Artifacts, OwnedArtifact } from './artifacts.ts';
import { toConnectedApp, type LiveAccess } from './connected-clients.ts';
import type { Delegation, Delegations } from './delegations.ts';
import type { Grants } from './grants.ts';
import type { ProviderEvent } from './provider-events.ts';

/**
 * What third-party clients may do for a user: those that the user let in, and those that act by token exchange. First-party
 * clients are the product itself, and were asked nothing.
 */
export interface Consents {
  /** The clients that have something in a sign-in that goes on, in the order of their names. `sid` is the sign-in that asks. */
  list(userId: string, sid?: string): Promise<readonly ConnectedApp[]>;
  /**
   * Takes everything back from a client, in all sign-ins of the user: its grants with all of their codes and tokens, and what
   * it exchanged. Every cache has heard when this resolves. Rejects with `SP_NOT_FOUND` where the client has nothing.
   *
   * @param handle of the client, as the list has it.
   */
  withdraw(userId: string, handle: string, by: WithdrawnBy): Promise<void>;
}

/** Who takes something back. */
export interface WithdrawnBy {
  readonly actor: string;
  readonly context: RequestContext;
  /** Asked in the transaction of the change: whether the actor may do that to the account. @default yes, it is its own */
  readonly requireMay?: () => Promise<void>;
}

export interface ConsentsParts extends Pick<IdentityKernel, 'policy' | 'transaction' | 'makeReportedChange' | 'now'> {
  readonly artifacts: Pick<Artifacts, 'listOfSubject'>;
  readonly sessions: Pick<SessionStore, 'listLive'>;
  readonly grants: Pick<Grants, 'remove' | 'announceEnd'>;
  readonly delegations: Pick<Delegations, 'listOfUser' | 'revoke' | 'announceEnd'>;
  readonly deviceSignIns: Pick<DeviceSignIns, 'list'>;
  readonly findClient: (id: string) => Promise<OAuthClient | null>;
  readonly events: SecurityEventLog<ProviderEvent>;
}

/** What the library keeps of a grant, and of what was granted in a session. */
const grantSchema = z.object({
  clientId: z.string(),
  openid: z.object({ scope: z.string() }).optional(),
  resources: z.record(z.string(), z.string()).optional(),
});
const sessionSchema = z.object({
  uid: z.string(),
  authorizations: z.record(z.string(), z.object({ grantId: z.string().optional() })).optional(),
});

/** What a client has of a user, whether it is worth something or not. */
interface Held {
  readonly clientId: string;
  readonly grantIds: readonly string[];
  readonly delegations: readonly Delegation[];
}

/** Builds it on what the provider keeps. */
export function createConsents(parts: ConsentsParts): Consents {
  const { artifacts, sessions, grants, delegations, deviceSignIns, findClient, events, policy } = parts;
  const { transaction, now } = parts;
  const findThirdParty = async (id: string): Promise<OAuthClient | undefined> => {
    const client = await findClient(id);
    return client?.trust === 'third-party' ? client : undefined;
  };

  /** Grants outlast the sessions that they were given in, and are worth nothing then. */
  const liveAccessOf = async (userId: string): Promise<readonly LiveAccess[]> => {
    const [ofSessions, ofDevices, given, delegated, live] = await Promise.all([
      artifacts.listOfSubject('Session', userId),
      deviceSignIns.list(userId),
      artifacts.listOfSubject('Grant', userId),
      delegations.listOfUser(userId),
      sessions.listLive(userId, now()),
    ]);
    const bySid = new Map(live.map((session) => [session.sid, session]));
    const used = new Map([
      ...ofSessions.flatMap((session) => grantsIn(session, bySid)),
      ...ofDevices.flatMap(({ grantId, sid }) => withSession(grantId, bySid.get(sid))),
    ]);
    const accesses = new Map(given.flatMap((grant) => toAccess(grant, used)));
    const all: LiveAccess[] = [...accesses.values()];
    for (const { grantId, clientId, since, lastUsedAt, isRevoked } of delegated) {
      const granted = accesses.get(grantId);
      const grantedTo = granted === undefined ? null : await findClient(granted.clientId);
      if (isRevoked || granted === undefined || grantedTo === null) continue;
      all.push({ ...granted, clientId, since, lastUsedAt, grantedTo });
    }
    return all;
  };

  const heldBy = async (userId: string, handle: string): Promise<Held | null> => {
    const given = await artifacts.listOfSubject('Grant', userId);
    const grantIds = new Set(given.map(({ grantId }) => grantId));
    // What was begun while its grant ended is worth nothing.
    const delegated = (await delegations.listOfUser(userId)).filter(
      ({ grantId, isRevoked }) => !isRevoked && grantIds.has(grantId),
    );
    const all = [...given.map(({ payload }) => String(payload['clientId'])), ...delegated.map((each) => each.clientId)];
    const clientId = all.find((id) => toClientHandle(id) === handle);
    // Of a host that was taken off the list since then what is left is taken back as well.
    const isByDocument = clientId !== undefined && clientId !== handle;
    if (clientId === undefined || (!isByDocument && (await findThirdParty(clientId)) === undefined)) return null;
    return {
      clientId,
      grantIds: given.flatMap(({ grantId, payload }) => (payload['clientId'] === clientId ? (grantId ?? []) : [])),
      delegations: delegated.filter((each) => each.clientId === clientId),
    };
  };

  /** What this call ended; `null` where another one was faster. */
  const end = async (held: Held): Promise<Held | null> => {
    const grantIds = [];
    for (const id of held.grantIds) if (await grants.remove(id)) grantIds.push(id);
    const ended = [];
    for (const delegation of held.delegations) if (await delegations.revoke(delegation)) ended.push(delegation);
    return grantIds.length + ended.length === 0 ? null : { ...held, grantIds, delegations: ended };
  };

  return {
    async list(userId, sid) {
      const live = Map.groupBy(await liveAccessOf(userId), ({ clientId }) => clientId);
      const apps = [];
      for (const [id, accesses] of live) {
        const client = await findThirdParty(id);
        if (client !== undefined) apps.push(toConnectedApp(client, accesses, { policy, sid }));
      }
      return apps.toSorted((one, other) => one.name.localeCompare(other.name));
    },
    async withdraw(userId, handle, { actor, context, requireMay }) {
      const ended = await transaction(async () => {
        await requireMay?.();
        const held = await heldBy(userId, handle);
        if (held === null) return null;
        return parts.makeReportedChange({
          preview: async () => held,
          apply: () => end(held),
          report: ({ clientId }) =>
            events.append({
              type: 'oauth-consent.withdrawn',
              at: now(),
              outcome: 'success',
              actor,
              target: userId,
              ...whereOf(context),
              details: { clientId },
            }),
        });
      });
      if (ended === null) throw nothingAllowed();
      for (const id of ended.grantIds) await grants.announceEnd(id, context);
      for (const delegation of ended.delegations) await delegations.announceEnd(delegation);
    },
  };
}

function grantsIn(
  { payload }: OwnedArtifact,
  bySid: ReadonlyMap<string, SessionRecord>,
): readonly (readonly [string, SessionRecord])[] {
  const { uid, authorizations = {} } = sessionSchema.parse(payload);
  return Object.values(authorizations).flatMap(({ grantId }) => withSession(grantId, bySid.get(uid)));
}

function withSession(
  grantId: string | undefined,
  session: SessionRecord | undefined,
): readonly (readonly [string, SessionRecord])[] {
  return grantId === undefined || session === undefined ? [] : [[grantId, session]];
}

function toAccess(
  { grantId, payload, createdAt, lastUsedAt }: OwnedArtifact,
  used: ReadonlyMap<string, SessionRecord>,
): readonly (readonly [string, LiveAccess])[] {
  const session = grantId === null ? undefined : used.get(grantId);
  if (grantId === null || session === undefined) return [];
  const { clientId, openid, resources = {} } = grantSchema.parse(payload);
  const texts = [openid?.scope ?? '', ...Object.values(resources)];
  const scopes = [...new Set(texts.flatMap((text) => text.split(' ')))].filter((scope) => scope !== '');
  return [[grantId, { clientId, session, scopes, since: createdAt, lastUsedAt }]];
}

/** An unknown client, one of the product itself and one that has nothing give the same answer. */
function nothingAllowed(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'no-consent' });
}
