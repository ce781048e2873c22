import type { ClientKeySet, OAuthClient } from './oauth-client.ts';

/** A client as administrators are shown it, as JSON: everything but its secret. Times are ISO 8601. */
export interface ShownClient extends Omit<
  OAuthClient,
  'document' | 'generation' | 'secret' | 'disabledAt' | 'tokensSince' | 'createdAt' | 'updatedAt' | OptionalField
> {
  readonly backchannelLogoutUri: string | null;
  readonly jwks: ClientKeySet | null;
  readonly jwksUri: string | null;
  readonly homepage: string | null;
  readonly logoUri: string | null;
  readonly certificateName: string | null;
  /** The beginning of its secret, since when it works and until when the one before works beside it; `null` for a client that has none. */
  readonly secret: {
    readonly hint: string;
    readonly createdAt: string;
    readonly previousUntil: string | null;
  } | null;
  /** Since when it may do nothing; `null` while it may. */
  readonly disabledAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type OptionalField = 'backchannelLogoutUri' | 'jwks' | 'jwksUri' | 'homepage' | 'logoUri' | 'certificateName';

/** Shows a client at a time. */
export function toShownClient(client: OAuthClient, at: Date): ShownClient {
  const {
    document: _document,
    generation: _generation,
    tokensSince: _since,
    secret,
    disabledAt,
    createdAt,
    updatedAt,
    ...rest
  } = client;
  const previousUntil = secret?.previousUntil ?? null;
  return {
    ...rest,
    backchannelLogoutUri: rest.backchannelLogoutUri ?? null,
    jwks: rest.jwks ?? null,
    jwksUri: rest.jwksUri ?? null,
    homepage: rest.homepage ?? null,
    logoUri: rest.logoUri ?? null,
    certificateName: rest.certificateName ?? null,
    secret:
      secret === null
        ? null
        : {
            hint: secret.hint,
            createdAt: secret.createdAt.toISOString(),
            previousUntil: previousUntil === null || previousUntil <= at ? null : previousUntil.toISOString(),
          },
    disabledAt: disabledAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
