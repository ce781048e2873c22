import { SallyportError } from '@sallyport/core';
import { isRecord } from './shell-session.ts';

/** Where the provider answers, by its own discovery document. */
export interface ProviderMetadata {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly endSessionEndpoint: string;
  readonly revocationEndpoint: string | undefined;
}

/** Reads the discovery document; remembered for ten minutes, and read once by all who ask at a time. */
export type FindProvider = () => Promise<ProviderMetadata>;

const rememberedMilliseconds = 600_000;
const timeoutMilliseconds = 5000;

/**
 * Builds what finds the endpoints of the provider (OpenID Connect Discovery 1.0, section 4).
 *
 * The document must name this very issuer and endpoints of its origin: it is where client secrets and refresh tokens go.
 *
 * @throws `SP_SERVICE_UNAVAILABLE`, by the function that it returns.
 */
export function createProviderMetadata(issuer: string, fetchDocument: typeof fetch = fetch): FindProvider {
  let known: { readonly at: number; readonly metadata: Promise<ProviderMetadata> } | undefined;
  return () => {
    const now = Date.now();
    if (known === undefined || now - known.at > rememberedMilliseconds) {
      const metadata = readMetadata(issuer, fetchDocument);
      const entry = { at: now, metadata };
      known = entry;
      metadata.catch(() => {
        if (known === entry) known = undefined;
      });
    }
    return known.metadata;
  };
}

async function readMetadata(issuer: string, fetchDocument: typeof fetch): Promise<ProviderMetadata> {
  let document: unknown;
  try {
    const response = await fetchDocument(`${issuer}/.well-known/openid-configuration`, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    if (!response.ok) throw new Error(`the discovery document of the provider answered ${response.status}`);
    document = await response.json();
  } catch (cause) {
    throw new SallyportError('SP_SERVICE_UNAVAILABLE', { cause, reason: 'provider-discovery' });
  }
  return parseMetadata(issuer, document);
}

function parseMetadata(issuer: string, document: unknown): ProviderMetadata {
  if (!isRecord(document) || document['issuer'] !== issuer) refuse('the discovery document names another issuer');
  const endpoint = (name: string): string => {
    const value = document[name];
    if (typeof value !== 'string' || !URL.canParse(value)) refuse(`the discovery document has no ${name}`);
    if (new URL(value).origin !== new URL(issuer).origin) refuse(`${name} is not at the origin of the issuer`);
    return value;
  };
  return {
    authorizationEndpoint: endpoint('authorization_endpoint'),
    tokenEndpoint: endpoint('token_endpoint'),
    jwksUri: endpoint('jwks_uri'),
    endSessionEndpoint: endpoint('end_session_endpoint'),
    revocationEndpoint: document['revocation_endpoint'] === undefined ? undefined : endpoint('revocation_endpoint'),
  };
}

function refuse(message: string): never {
  throw new SallyportError('SP_SERVICE_UNAVAILABLE', { cause: new Error(message), reason: 'provider-discovery' });
}
