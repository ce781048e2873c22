import { assuranceLevels, isLoopbackHost, providerIdForm } from '@sallyport/core';
import * as z from 'zod';
import type { OptionsProblem } from '../../parse-options.ts';

/** Names of providers that have a section of their own. */
export const knownProviders = ['google', 'microsoft', 'apple', 'github'] as const;

const text = z.string().trim().min(1).max(512);
const domain = z
  .string()
  .toLowerCase()
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}$/, 'must be a domain, such as example.com');

const issuer = z
  .url()
  .max(512)
  .refine((url) => {
    const { protocol, hostname, search, hash } = new URL(url);
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
    return isSafe && search === '' && hash === '';
  }, 'must be an https address without query and fragment; http is for loopback alone');

/** RFC 8252, section 7: a claimed https address, a scheme of the app itself, or loopback. */
const redirectUri = z
  .string()
  .max(2000)
  .refine((text) => {
    if (!URL.canParse(text) || text.includes('#')) return false;
    const { protocol, hostname, username, password } = new URL(text);
    if (username !== '' || password !== '') return false;
    if (protocol === 'https:') return true;
    if (protocol === 'http:') return isLoopbackHost(hostname);
    return /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/.test(protocol);
  }, 'must be https without fragment, a scheme in reverse domain form such as com.example.app:/callback, or http on loopback');

const common = {
  clientId: text.describe('What the provider calls this product'),
  signUp: z
    .boolean()
    .default(true)
    .describe('Whether a sign-in makes an account where none is connected; false lets in who has one'),
  trustedEmailDomains: z
    .union([z.literal('*'), z.array(domain).max(100).readonly()])
    .optional()
    .describe(
      'For addresses of which domains its word "verified" is believed: "*" for all. A user that the provider lets claim an address of a domain here enters the account with that address',
    ),
  acrValues: z
    .array(text)
    .max(10)
    .readonly()
    .default([])
    .describe('How strong a sign-in the provider is asked for (acr_values), the most wanted first'),
  trustAcr: z
    .record(text, z.enum(assuranceLevels))
    .default({})
    .describe(
      'What its `acr` is worth here, such as { "urn:example:mfa": "mfa" }; what is not listed counts as a password',
    ),
  redirectUris: z
    .array(redirectUri)
    .max(50)
    .readonly()
    .default([])
    .describe(
      'Where apps and servers of yours take the code of this provider, to bring it to /auth/token/provider or /auth/sign-in/provider/code: compared by every character. The provider has to know them too. Empty: only the callback of the gateway takes codes',
    ),
  keepTokens: z
    .strictObject({
      scopes: z
        .array(text)
        .max(50)
        .readonly()
        .default([])
        .describe('What the provider is asked for beside the sign-in, for services that act there for its users'),
      offline: z
        .boolean()
        .default(false)
        .describe(
          'Whether a refresh token is asked for, so that services can act when the access token has ended; Google and OpenID providers then ask users for their consent at each sign-in',
        ),
      revokeOnBan: z
        .boolean()
        .default(true)
        .describe(
          'Whether a ban has the tokens revoked at the provider; a banned user acts there through no service either way',
        ),
    })
    .optional()
    .describe(
      'Keeps the tokens of this provider, sealed, for services whose route lists it in providerTokens. Absent: they are thrown away at once',
    ),
  countCallbackAsSignIn: z
    .boolean()
    .default(false)
    .describe(
      'Where the provider does not say when the user signed in there: whether the moment of its answer counts as that. Without it such a sign-in is never recent enough for changes to an account',
    ),
};

const oidcProvider = z.strictObject({
  name: text.max(60).describe('As people read it on the button'),
  issuer: issuer.describe('Its issuer, below which the document /.well-known/openid-configuration is'),
  ...common,
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic')
    .describe(
      'How this product proves itself there: with the secret, or the private key, of its name in SALLYPORT_PROVIDER_SECRETS',
    ),
  keyId: text.optional().describe('`kid` of the private key, for private_key_jwt'),
  scopes: z.array(text).max(20).readonly().default(['openid', 'profile', 'email']).describe('What it is asked for'),
});

const tenant = z
  .string()
  .regex(/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|common|organizations|consumers)$/)
  .describe('The id of a tenant, or "organizations", "consumers" or "common" for accounts of any');

/** Which identity providers people can sign in with. Their secrets are in the environment. */
export const providerConfig = z
  .strictObject({
    google: z.strictObject(common).optional().describe('Google accounts'),
    microsoft: z
      .strictObject({ ...common, tenant })
      .optional()
      .describe('Microsoft Entra ID and Microsoft accounts'),
    apple: z
      .strictObject({
        ...common,
        teamId: text.describe('The team in the Apple developer account'),
        keyId: text.describe('The id of the key for Sign in with Apple'),
      })
      .optional()
      .describe('Apple accounts; the secret is the private key of keyId'),
    github: z
      .strictObject({
        ...common,
        origin: issuer
          .default('https://github.com')
          .describe('Where GitHub is; another one is a GitHub Enterprise Server'),
      })
      .optional()
      .describe('GitHub accounts'),
    oidc: z
      .record(
        z.string().regex(providerIdForm, 'must be a name of lower-case letters, digits and hyphens'),
        oidcProvider,
      )
      .default({})
      .describe('OpenID Connect providers, such as Keycloak, Okta or another Sallyport, by names of yours'),
  })
  .optional()
  .describe('Signing in with accounts of identity providers; absent means that there are none');

/** The section, where there is one. */
export type ProviderSettings = NonNullable<z.output<typeof providerConfig>>;

/** What is wrong with the section: a name that stands for another provider, or options that go together. */
export function problemsOfProviders(config: ProviderSettings | undefined): readonly OptionsProblem[] {
  const withoutOffline = (['apple', 'github'] as const)
    .filter((id) => config?.[id]?.keepTokens?.offline === true)
    .map((id) => ({
      key: `${id}.keepTokens.offline`,
      problem: 'has no effect: this provider is not asked for a refresh token',
    }));
  const ofOidc = Object.entries(config?.oidc ?? {}).flatMap(([id, { clientAuthentication, keyId, scopes }]) => {
    const problems: OptionsProblem[] = [];
    if (knownProviders.some((known) => known === id))
      problems.push({ key: `oidc.${id}`, problem: `has a name that is kept for the section "${id}"` });
    if (keyId !== undefined && clientAuthentication !== 'private_key_jwt')
      problems.push({ key: `oidc.${id}.keyId`, problem: 'has no effect without private_key_jwt' });
    if (!scopes.includes('openid'))
      problems.push({ key: `oidc.${id}.scopes`, problem: 'must have "openid": without it there is no ID token' });
    return problems;
  });
  return [...withoutOffline, ...ofOidc];
}
