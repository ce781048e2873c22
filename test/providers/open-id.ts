import { createOpenIdStandIn, type OpenIdStandIn, type OpenIdStandInOptions } from './stand-in.ts';

/** A provider of a company, which names itself in every answer (RFC 9207), and keeps who a person is to its profile. */
export function createCompanyProvider(client: Pick<OpenIdStandInOptions, 'clientId' | 'clientSecret'>): OpenIdStandIn {
  const issuer = 'https://sso.company.test/realms/staff';
  return createOpenIdStandIn({
    ...client,
    endpoints: {
      issuer,
      discovery: `${issuer}/.well-known/openid-configuration`,
      authorization: `${issuer}/authorize`,
      token: `${issuer}/token`,
      keys: `${issuer}/keys`,
      profile: `${issuer}/userinfo`,
      more: {
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: ['S256'],
      },
    },
    namesItself: true,
    claimsOf: ({ more = {} }) => more,
    profileOf: ({ name, email, isVerified }) => ({ email, email_verified: isVerified, name }),
  });
}
