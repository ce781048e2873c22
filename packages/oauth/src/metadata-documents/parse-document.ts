import { isLoopbackHost } from '@sallyport/core';
import { plainText } from '@sallyport/identity';
import * as z from 'zod';
import { clientKeySetSchema } from '../clients/client-keys.ts';
import { maxUriLength, problemOfRedirectUri, problemOfWebUri } from '../clients/client-uris.ts';
import type { ClientKeySet } from '../clients/oauth-client.ts';

/** What a client says of itself in its metadata document, as far as it is believed. */
export interface ClientDocument {
  /** The name that it chose itself; absent where it has none. */
  readonly claimedName?: string;
  readonly authentication: 'none' | 'private_key_jwt';
  readonly redirectUris: readonly string[];
  readonly hasRefresh: boolean;
  readonly jwks?: ClientKeySet;
  readonly jwksUri?: string;
  readonly homepage?: string;
}

/** A document, or why it is none: a sentence for the developer of the client. */
export type ParsedDocument =
  | { readonly kind: 'parsed'; readonly document: ClientDocument }
  | { readonly kind: 'refused'; readonly problem: string };

const maxRedirectUris = 20;
/** Whatever stands for a secret that others read as well. */
const secretMembers = ['client_secret', 'client_secret_expires_at', 'registration_access_token'] as const;

const text = z.string().max(maxUriLength);
/** Members that mean nothing here may be there (RFC 7591, section 2). */
const documentSchema = z.object({
  client_id: z.string(),
  client_name: plainText(100).optional(),
  redirect_uris: z.array(text).min(1).max(maxRedirectUris),
  token_endpoint_auth_method: z.string().default('none'),
  grant_types: z.array(z.string().max(200)).max(20).default(['authorization_code']),
  response_types: z.array(z.string().max(200)).max(20).default(['code']),
  jwks: clientKeySetSchema.optional(),
  jwks_uri: text.optional(),
  client_uri: text.optional(),
});

/**
 * Judges the metadata document of a client. It is about its own address, proves itself with no secret, and has browsers led
 * back to its own host or to a program on the device of their user, and nowhere else.
 *
 * @param address where the document was read, which is its `client_id`.
 */
export function parseClientDocument(body: string, address: URL): ParsedDocument {
  const json = parseJson(body);
  if (json === undefined) return refused('is no JSON object');
  const secret = secretMembers.find((name) => Object.hasOwn(json, name));
  if (secret !== undefined) return refused(`holds "${secret}", which everyone can read`);
  const { success, data, error } = documentSchema.safeParse(json);
  if (!success) return refused(describeIssue(error));
  if (data.client_id !== address.href) return refused('has another "client_id" than its address');
  const problem = problemOf(data, address);
  return problem === undefined ? { kind: 'parsed', document: toDocument(data, address) } : refused(problem);
}

type Metadata = z.output<typeof documentSchema>;

function problemOf(metadata: Metadata, address: URL): string | undefined {
  const { token_endpoint_auth_method: method, jwks, jwks_uri: jwksUri } = metadata;
  if (method !== 'none' && method !== 'private_key_jwt')
    return '"token_endpoint_auth_method" must be "none" or "private_key_jwt"';
  const usesKeys = method === 'private_key_jwt';
  if (usesKeys !== (jwks !== undefined || jwksUri !== undefined) || (jwks !== undefined && jwksUri !== undefined))
    return 'needs "jwks" or "jwks_uri" for "private_key_jwt", one of them, and none otherwise';
  if (jwksUri !== undefined && !isOfHost(jwksUri, address)) return '"jwks_uri" must be at the host of the document';
  if (!metadata.grant_types.includes('authorization_code')) return '"grant_types" must have "authorization_code"';
  if (!metadata.response_types.includes('code')) return '"response_types" must have "code"';
  const isForeign = metadata.redirect_uris.some((uri) => !isRedirectOf(uri, address));
  return isForeign ? '"redirect_uris" must be at the host of the document, or http on loopback' : undefined;
}

function isRedirectOf(uri: string, address: URL): boolean {
  if (problemOfRedirectUri(uri) !== undefined) return false;
  const { protocol, hostname } = new URL(uri);
  return (protocol === 'http:' && isLoopbackHost(hostname)) || isOfHost(uri, address);
}

function isOfHost(uri: string, { host }: URL): boolean {
  if (problemOfWebUri(uri) !== undefined) return false;
  const url = new URL(uri);
  return url.protocol === 'https:' && url.host === host;
}

function toDocument(metadata: Metadata, address: URL): ClientDocument {
  const { client_name: claimedName, client_uri: homepage, jwks, jwks_uri: jwksUri } = metadata;
  return {
    authentication: metadata.token_endpoint_auth_method === 'private_key_jwt' ? 'private_key_jwt' : 'none',
    redirectUris: [...new Set(metadata.redirect_uris)],
    hasRefresh: metadata.grant_types.includes('refresh_token'),
    ...(claimedName === undefined ? {} : { claimedName }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    // A page of another host would be believed to be the client's.
    ...(homepage === undefined || !isOfHost(homepage, address) ? {} : { homepage }),
  };
}

function parseJson(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** By member and never by value: it may be anything. */
function describeIssue({ issues: [issue] }: z.ZodError): string {
  return `has no usable "${String(issue?.path[0] ?? 'client_id')}"`;
}

function refused(problem: string): ParsedDocument {
  return { kind: 'refused', problem };
}
