import {
  SallyportError,
  type ConnectedApp,
  type RequestContext,
  type SecurityEventLog,
  type SessionStore,
} from '@sallyport/core';
import { whereOf, type IdentityKernel } from '@sallyport/identity';
import * as z from 'zod';
import type { OAuthClient } from '../clients/oauth-client.ts';
import type { DeviceSignIns } from '../device-flow/device-sign-ins.ts';
import { toClientHandle } from '../metadata-documents/document-address.ts';
import type { Artifacts, OwnedArtifact } from './artifacts.ts';
import type { Grants } from './grants.ts';
import type { ProviderEvent } from './provider-events.ts';
import { describeScope } from './scope-words.ts';

/** What a user lets third-party clients have. First-party clients are the product itself, and were asked nothing. */
export interface Consents {
  /** The clients that are let have something in a sign-in that goes on, in the order of their names. */
  list(userId: string): Promise<readonly ConnectedApp[]>;
  /**
   * Takes everything back from a client, in all sign-ins of the user: its grants with all of their codes and tokens. Every
   * cache has heard when this resolves. Rejects with `SP_NOT_FOUND` where the client has nothing.
   *
   * @param handle of the client, as the list has it.
   */
  withdraw(userId: string, handle: string, context: RequestContext): Promise<void>;
}

export interface ConsentsParts extends Pick<IdentityKernel, 'policy' | 'transaction' | 'makeReportedChange' | 'now'> {
  readonly artifacts: Pick<Artifacts, 'listOfSubject'>;
  readonly sessions: Pick<SessionStore, 'listLive'>;
  readonly grants: Pick<Grants, 'remove' | 'announceEnd'>;
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

/** A grant that a sign-in goes on with. */
interface LiveGrant {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly allowedAt: Date;
}

/** Builds it on what the provider keeps. */
export function createConsents(parts: ConsentsParts): Consents {
  const {
    artifacts,
    sessions,
    grants,
    deviceSignIns,
    findClient,
    events,
    policy,
    transaction,
    makeReportedChange,
    now,
  } = parts;

  /** Grants outlast the sessions that they were given in, and are worth nothing then. */
  const liveGrantsOf = async (userId: string): Promise<readonly LiveGrant[]> => {
    const [ofSessions, devices, given, live] = await Promise.all([
      artifacts.listOfSubject('Session', userId),
      deviceSignIns.list(userId),
      artifacts.listOfSubject('Grant', userId),
      sessions.listLive(userId, now()),
    ]);
    const sids = new Set(live.map(({ sid }) => sid));
    const ofDevices = devices.filter(({ sid }) => sids.has(sid)).map(({ grantId }) => grantId);
    const used = new Set([...ofSessions.flatMap((session) => grantIdsOf(session, sids)), ...ofDevices]);
    return given.filter(({ grantId }) => grantId !== null && used.has(grantId)).map(toLiveGrant);
  };

  const grantsOf = async (userId: string, clientId: string): Promise<readonly string[]> => {
    const given = await artifacts.listOfSubject('Grant', userId);
    return given.flatMap(({ grantId, payload }) =>
      grantId !== null && payload['clientId'] === clientId ? grantId : [],
    );
  };

  /** A handle stands for a client that the user let have something, and for none else. */
  const clientIdOf = async (userId: string, handle: string): Promise<string | undefined> => {
    const given = await artifacts.listOfSubject('Grant', userId);
    const ids = given.map(({ payload }) => String(payload['clientId']));
    return ids.find((id) => toClientHandle(id) === handle);
  };

  return {
    async list(userId) {
      const live = Map.groupBy(await liveGrantsOf(userId), ({ clientId }) => clientId);
      const apps = [];
      for (const [id, granted] of live) {
        const client = await findClient(id);
        if (client !== null && client.trust === 'third-party') apps.push(toConnectedApp(client, granted, policy));
      }
      return apps.toSorted((one, other) => one.name.localeCompare(other.name));
    },
    async withdraw(userId, handle, context) {
      const clientId = await clientIdOf(userId, handle);
      const client = clientId === undefined ? null : await findClient(clientId);
      // Of a host that was taken off the list since then what is left is taken back as well.
      const isByDocument = clientId !== undefined && clientId !== handle;
      if (clientId === undefined || (client?.trust !== 'third-party' && !isByDocument)) throw nothingAllowed();
      const ended = await transaction(() =>
        makeReportedChange({
          preview: async () => {
            const ids = await grantsOf(userId, clientId);
            return ids.length === 0 ? null : ids;
          },
          apply: async () => {
            const ids = [];
            for (const id of await grantsOf(userId, clientId)) if (await grants.remove(id)) ids.push(id);
            return ids.length === 0 ? null : ids;
          },
          report: () =>
            events.append({
              type: 'oauth-consent.withdrawn',
              at: now(),
              outcome: 'success',
              actor: userId,
              target: userId,
              ...whereOf(context),
              details: { clientId },
            }),
        }),
      );
      if (ended === null) throw nothingAllowed();
      for (const id of ended) await grants.announceEnd(id, context);
    },
  };
}

function grantIdsOf({ payload }: OwnedArtifact, sids: ReadonlySet<string>): readonly string[] {
  const { uid, authorizations = {} } = sessionSchema.parse(payload);
  return sids.has(uid) ? Object.values(authorizations).flatMap(({ grantId }) => grantId ?? []) : [];
}

function toLiveGrant({ payload, createdAt }: OwnedArtifact): LiveGrant {
  const { clientId, openid, resources = {} } = grantSchema.parse(payload);
  const texts = [openid?.scope ?? '', ...Object.values(resources)];
  const scopes = texts.flatMap((text) => text.split(' ')).filter((scope) => scope !== '');
  return { clientId, scopes, allowedAt: createdAt };
}

function toConnectedApp(
  { id, name, homepage, logoUri, document }: OAuthClient,
  granted: readonly LiveGrant[],
  policy: ConsentsParts['policy'],
): ConnectedApp {
  const [first = new Date(0)] = granted.map(({ allowedAt }) => allowedAt).toSorted((one, other) => +one - +other);
  const scopes = [...new Set(granted.flatMap((grant) => grant.scopes))];
  return {
    clientId: toClientHandle(id),
    name,
    ...(document === undefined ? {} : { document: { url: id, host: document.host } }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(logoUri === undefined ? {} : { logoUri }),
    allowedAt: first.toISOString(),
    scopes: scopes.map((scope) => describeScope(scope, policy)),
  };
}

/** An unknown client, one of the product itself and one that has nothing give the same answer. */
function nothingAllowed(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'no-consent' });
}
