import type { ConnectedApp, ConnectedSignIn, Policy, SessionRecord } from '@sallyport/core';
import { permissionsOfClient, type OAuthClient } from '../clients/oauth-client.ts';
import { toClientHandle } from '../metadata-documents/document-address.ts';
import { describeScope } from './scope-words.ts';

/** What lets a client act for a user in a sign-in that goes on: a grant of its own, or a delegation under that of another client. */
export interface LiveAccess {
  readonly clientId: string;
  readonly session: SessionRecord;
  /** Of the grant that it acts by. */
  readonly scopes: readonly string[];
  readonly since: Date;
  readonly lastUsedAt: Date | null;
  /** The client whose grant it is, where that is another one. */
  readonly grantedTo?: OAuthClient;
}

/** Shows a client to the user that it acts for. */
export function toConnectedApp(
  client: OAuthClient,
  accesses: readonly LiveAccess[],
  { policy, sid }: { readonly policy: Pick<Policy, 'permissions'>; readonly sid: string | undefined },
): ConnectedApp {
  const { id, kind, name, homepage, logoUri, document } = client;
  const host = hostOf(client);
  const scopes = new Set(accesses.flatMap((access) => scopesOf(access, client)));
  return {
    clientId: toClientHandle(id),
    kind,
    name,
    ...(document === undefined ? {} : { document: { url: id, host: document.host } }),
    ...(host === undefined ? {} : { host }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(logoUri === undefined ? {} : { logoUri }),
    allowedAt: new Date(Math.min(...accesses.map(({ since }) => +since))).toISOString(),
    lastUsedAt: latestOf(accesses.map(({ lastUsedAt }) => lastUsedAt))?.toISOString() ?? null,
    signIns: accesses.map((access) => toSignIn(access, sid)),
    scopes: [...scopes].map((scope) => describeScope(scope, policy)),
  };
}

/** A client that acts by the grant of another one has permissions alone, and those that both are let have. */
function scopesOf({ scopes, grantedTo }: LiveAccess, client: OAuthClient): readonly string[] {
  return grantedTo === undefined ? scopes : permissionsOfClient(client).filter((scope) => scopes.includes(scope));
}

function toSignIn({ session, grantedTo }: LiveAccess, sid: string | undefined): ConnectedSignIn {
  return {
    device: session.device.label,
    signedInAt: session.createdAt.toISOString(),
    isCurrent: session.sid === sid,
    ...(grantedTo === undefined ? {} : { through: grantedTo.name }),
  };
}

function latestOf(times: readonly (Date | null)[]): Date | undefined {
  return times
    .filter((time) => time !== null)
    .toSorted((one, other) => +other - +one)
    .at(0);
}

/** Where users would meet it: what tells clients apart whose names look alike. */
function hostOf({ id, homepage, serves, redirectUris }: OAuthClient): string | undefined {
  const addresses = [id, homepage, ...serves, ...redirectUris].map((address) => URL.parse(address ?? ''));
  const host = addresses.find((url) => url?.protocol === 'https:' || url?.protocol === 'http:')?.host;
  return host === '' ? undefined : host;
}
