import { createOpenIdStandIn, type OpenIdStandIn, type OpenIdStandInOptions } from './stand-in.ts';

/** Google as its OpenID Connect guide documents it: `hd` for accounts of an organisation, `email_verified` as a boolean. */
export function createGoogle(client: Pick<OpenIdStandInOptions, 'clientId' | 'clientSecret'>): OpenIdStandIn {
  return createOpenIdStandIn({
    ...client,
    endpoints: {
      issuer: 'https://accounts.google.com',
      discovery: 'https://accounts.google.com/.well-known/openid-configuration',
      authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
      token: 'https://oauth2.googleapis.com/token',
      keys: 'https://www.googleapis.com/oauth2/v3/certs',
      profile: 'https://openidconnect.googleapis.com/v1/userinfo',
      more: {
        revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
        token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
        code_challenge_methods_supported: ['plain', 'S256'],
      },
    },
    claimsOf: ({ name, email, isVerified, more }) => ({
      azp: client.clientId,
      email,
      email_verified: isVerified,
      name,
      picture: 'https://lh3.googleusercontent.com/a/picture',
      ...more,
    }),
  });
}
