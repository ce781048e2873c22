import { createOpenIdStandIn, type OpenIdStandIn, type OpenIdStandInOptions } from './stand-in.ts';

const origin = 'https://login.microsoftonline.com';

export interface MicrosoftOptions extends Pick<OpenIdStandInOptions, 'clientId' | 'clientSecret'> {
  /** `common`, `organizations`, or the id of one tenant. */
  readonly tenant: string;
  /** The tenant that people belong to. */
  readonly tenantId: string;
  /** The tenant that stands in the issuer of their tokens, where it is another. */
  readonly issuerTenantId?: string;
}

/**
 * Microsoft as its identity platform documents it: the issuer of a token holds the id of the tenant, that of the discovery
 * document of several tenants a placeholder for it. There is no `email_verified`; `xms_edov` is an optional claim.
 */
export function createMicrosoft({
  tenant,
  tenantId,
  issuerTenantId = tenantId,
  ...client
}: MicrosoftOptions): OpenIdStandIn {
  const isOne = /^[0-9a-f-]{36}$/.test(tenant);
  const base = `${origin}/${tenant}`;
  return createOpenIdStandIn({
    ...client,
    endpoints: {
      issuer: `${origin}/${isOne ? tenant : '{tenantid}'}/v2.0`,
      discovery: `${base}/v2.0/.well-known/openid-configuration`,
      authorization: `${base}/oauth2/v2.0/authorize`,
      token: `${base}/oauth2/v2.0/token`,
      keys: `${base}/discovery/v2.0/keys`,
      profile: 'https://graph.microsoft.com/oidc/userinfo',
      more: {
        token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
        subject_types_supported: ['pairwise'],
      },
    },
    issuerOf: () => `${origin}/${issuerTenantId}/v2.0`,
    claimsOf: ({ name, email, subject, more }) => ({
      ver: '2.0',
      tid: tenantId,
      oid: `oid-of-${subject}`,
      name,
      preferred_username: email,
      email,
      ...more,
    }),
  });
}
