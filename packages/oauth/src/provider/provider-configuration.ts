import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { assuranceLevels, dpopAlgorithms, type ClientCertificate, type RequestContext } from '@sallyport/core';
import * as z from 'zod';
import { matchesCertificateMetadata } from '../clients/certificate-name.ts';
import { clientAuthentications, oidcScopes } from '../clients/oauth-client.ts';
import { userCodeFormat } from '../device-flow/user-codes.ts';
import { toExtraClaims, type ExtraClaimParts } from './access-token-claims.ts';
import { actorClaimSchema } from './actor-chain.ts';
import { requireShortAssertion } from './client-assertions.ts';
import { ownClientMetadata } from './client-metadata.ts';
import type { Delegations } from './delegations.ts';
import { endTokensLike } from './end-tokens.ts';
import { loadExistingGrant } from './existing-grant.ts';
import type { Grants } from './grants.ts';
import { interactionPath } from './interactions.ts';
import { createInteractionPolicy } from './interaction-policy.ts';
import { isFirstParty } from './own-client.ts';
import { createFindAccount, type ProviderAccountParts } from './provider-accounts.ts';
import { createProviderAdapter, type AdapterParts } from './provider-adapter.ts';
import { createProviderResources, type ProviderResourceParts } from './provider-resources.ts';
import type { ProviderCookies } from './provider-cookies.ts';
import type { ProviderView } from './provider-views.ts';
import type { ProviderKeys } from './signing-keys.ts';

export interface ProviderConfigurationParts
  extends
    Omit<AdapterParts, 'interactionSeconds' | 'certificateOf'>,
    ProviderAccountParts,
    ProviderResourceParts,
    ExtraClaimParts {
  readonly cookies: ProviderCookies;
  /** Whether there are clients without a registration. */
  readonly hasClientsByMetadata: boolean;
  readonly grants: Pick<Grants, 'end' | 'clientOf'>;
  readonly delegations: Pick<Delegations, 'endTokens'>;
  /** What the gateway knows of a request. */
  readonly contextOf: (ctx: KoaContextWithOIDC) => RequestContext;
  /** Where people are after a sign-out. */
  readonly signedOutPage: string;
  /** Where they enter the codes of devices. */
  readonly devicePage: string;
  /** How long a session lasts at most. */
  readonly sessionSeconds: number;
  readonly show: (ctx: KoaContextWithOIDC, view: ProviderView) => Promise<void>;
  /** The certificate that was verified on the connection of a request. */
  readonly certificateOf: (ctx: KoaContextWithOIDC) => ClientCertificate | undefined;
  /** From where a request comes. */
  readonly addressOf: (ctx: KoaContextWithOIDC) => string;
  /** Where proofs of possession need a nonce of this server. */
  readonly dpopNonceSecret: Buffer | undefined;
  /** Calls the addresses of clients. */
  readonly fetch: NonNullable<Configuration['fetch']>;
}

/** Where the endpoints are. Introspection and revocation are shared with the gateway's own, which are asked first. */
export const providerRoutes = {
  authorization: '/oauth2/auth',
  pushed_authorization_request: '/oauth2/par',
  token: '/oauth2/token',
  userinfo: '/oauth2/userinfo',
  end_session: '/oauth2/session/end',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  device_authorization: '/oauth2/device',
  jwks: '/.well-known/jwks.json',
} as const;

/** How long people may take to sign in, or to sign up and confirm their address. */
const interactionSeconds = 1800;
/** How long a client may take to use a code (RFC 6749, section 4.1.2). */
const codeSeconds = 60;
/** How long people may take to enter the code of a device (RFC 8628, section 3.2). */
const deviceSeconds = 600;
/** Of the keys of a client, at an address that it names: far more than any has. */
const maxKeysBytes = 64 * 1024;
/** Of what clients sign: nothing with a secret, which is not known here. */
const clientAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const;

/** Says everything to the library, so that nothing is as it comes: what is not said is off. */
export function toProviderConfiguration(parts: ProviderConfigurationParts, keys: ProviderKeys): Configuration {
  const { cookies, accessSeconds, sessionSeconds, tokenRequest, now, show, certificateOf, dpopNonceSecret } = parts;
  return {
    adapter: createProviderAdapter({ ...parts, interactionSeconds }),
    jwks: { keys: keys.keys },
    // Its page is ours: no request to that path ever comes here.
    routes: { ...providerRoutes, code_verification: parts.devicePage },
    findAccount: createFindAccount(parts),
    loadExistingGrant,
    extraTokenClaims: (ctx, token) => toExtraClaims(ctx, token, parts),
    extraClientMetadata: { properties: ownClientMetadata },
    clientDefaults: { id_token_signed_response_alg: keys.algorithm, grant_types: [], response_types: [] },
    clientAuthMethods: [...clientAuthentications],
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims) => requireShortAssertion(claims, now()),
    enabledJWA: { clientAuthSigningAlgValues: clientAlgorithms, dPoPSigningAlgValues: [...dpopAlgorithms] },
    scopes: oidcScopes,
    acrValues: assuranceLevels,
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    // OpenID Connect Core, section 11: offline_access needs consent. A first-party client asks for none.
    issueRefreshToken: (_ctx, client, { scopes }) =>
      client.grantTypeAllowed('refresh_token') && (isFirstParty(client) || scopes.has('offline_access')),
    // The session of the gateway ends them: `findAccount`.
    expiresWithSession: () => false,
    ttl: {
      AccessToken: accessSeconds,
      ClientCredentials: accessSeconds,
      IdToken: accessSeconds,
      AuthorizationCode: codeSeconds,
      DeviceCode: deviceSeconds,
      Interaction: interactionSeconds,
      Grant: sessionSeconds,
      // Of a visitor who is not signed in nothing has to last.
      Session: (_ctx, { accountId }) => (accountId === undefined ? interactionSeconds : sessionSeconds),
      RefreshToken: () => {
        const left = ((tokenRequest()?.endsAt?.getTime() ?? 0) - now().getTime()) / 1000;
        return Math.max(1, Math.floor(left));
      },
    },
    formats: { bitsOfOpaqueRandomness: 256 },
    cookies: {
      names: { session: cookies.session, interaction: cookies.interaction, resume: cookies.resume },
      long: { httpOnly: true, sameSite: 'lax', path: '/', overwrite: true },
      short: { httpOnly: true, sameSite: 'lax', overwrite: true },
    },
    interactions: {
      policy: createInteractionPolicy(),
      url: (_ctx, { uid }) => interactionPath(uid),
    },
    discovery: {
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      ui_locales_supported: ['en'],
    },
    // Which sites may call is said by the gateway, for all of its endpoints.
    clientBasedCORS: () => true,
    fetch: parts.fetch,
    fetchResponseBodyLimits: { jwks_uri: maxKeysBytes },
    renderError: (ctx, { error, error_description: description = '' }) =>
      show(ctx, { kind: 'error', error, description, status: ctx.status }),
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: false },
      clientCredentials: { enabled: true },
      userinfo: { enabled: true },
      deviceFlow: {
        enabled: true,
        ...userCodeFormat,
        deviceInfo: (ctx) => ({ address: parts.addressOf(ctx), userAgent: ctx.get('user-agent').slice(0, 512) }),
        userCodeInputSource: refusePage,
        userCodeConfirmSource: refusePage,
        successSource: refusePage,
      },
      // Of every client that sends a proof the tokens are bound to its key.
      dPoP: {
        enabled: true,
        allowReplay: false,
        nonceSecret: dpopNonceSecret,
        requireNonce: () => dpopNonceSecret !== undefined,
      },
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: false,
        allowUnregisteredRedirectUris: false,
      },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: false,
        getCertificate: (ctx) => certificateOf(ctx)?.pem,
        // The listener has verified it, or there is none.
        certificateAuthorized: (ctx) => certificateOf(ctx) !== undefined,
        certificateSubjectMatches(ctx, property, expected) {
          const certificate = certificateOf(ctx);
          return certificate !== undefined && matchesCertificateMetadata(certificate, property, expected);
        },
      },
      // Their documents are read by us. The library publishes that there are such clients, and reads nothing.
      clientIdMetadataDocument: {
        enabled: parts.hasClientsByMetadata,
        ack: 'draft-02',
        allowFetch: () => false,
      },
      requestObjects: { enabled: false },
      backchannelLogout: { enabled: false },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      revocation: { enabled: true, allowedPolicy: (ctx, client, token) => endOwnToken(ctx, client, token, parts) },
      introspection: {
        enabled: true,
        // RFC 7662, section 2.1: who has no proof of its own is told nothing.
        allowedPolicy: async (ctx, client, token) =>
          client.clientAuthMethod !== 'none' &&
          token.clientId === client.clientId &&
          (await isAlive(ctx, token, parts)),
      },
      resourceIndicators: { enabled: true, useGrantedResource: () => true, ...createProviderResources(parts) },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) =>
          show(ctx, {
            kind: 'sign-out',
            action: `${providerRoutes.end_session}/confirm`,
            xsrf: textOf(ctx.oidc.session?.state?.['secret']),
            client: ctx.oidc.client?.clientName,
          }),
        postLogoutSuccessSource: (ctx) => {
          ctx.status = 303;
          ctx.redirect(parts.signedOutPage);
        },
      },
    },
  };
}

/** Pages of the library that lead nowhere: users of devices are at ours. */
function refusePage(): Promise<never> {
  return Promise.reject(new TypeError('the page for devices is not served by the library'));
}

/**
 * RFC 7009, section 2.1: a client ends its own tokens. The library would end the grant of a token of token exchange, which is
 * that of another client: it is left nothing to do.
 */
async function endOwnToken(
  ctx: KoaContextWithOIDC,
  client: { clientId: string },
  token: { kind: string; clientId?: string | undefined; grantId?: unknown; extra?: unknown },
  parts: Pick<ProviderConfigurationParts, 'grants' | 'delegations' | 'contextOf'>,
): Promise<boolean> {
  if (token.clientId !== client.clientId)
    throw new errors.InvalidRequest('client is not authorized to revoke the presented token');
  const { act } = exchangedSchema.safeParse(token.extra).data ?? {};
  if (act === undefined || typeof token.grantId !== 'string') return true;
  await endTokensLike({ grant: token.grantId, act }, parts, parts.contextOf(ctx));
  return false;
}

/** Whether the sign-in behind a token goes on. Tokens of clients themselves have none. */
async function isAlive(
  ctx: KoaContextWithOIDC,
  token: { kind: string; accountId?: unknown; sessionUid?: unknown },
  parts: ProviderAccountParts,
): Promise<boolean> {
  if (token.kind === 'ClientCredentials') return true;
  const { accountId, sessionUid } = token;
  if (typeof accountId !== 'string' || typeof sessionUid !== 'string') return false;
  const session = await parts.directory.bySid(sessionUid);
  return session?.principal.id === accountId && ctx.oidc.client !== undefined;
}

/** What an opaque token of token exchange holds. */
const exchangedSchema = z.object({ act: actorClaimSchema });

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
