import { plainText } from '@sallyport/identity';
import { isPermission } from '@sallyport/core';
import * as z from 'zod';
import { toClientCertificateName } from './certificate-name.ts';
import { clientKeySetSchema } from './client-keys.ts';
import {
  clientAuthentications,
  clientKinds,
  clientTrusts,
  dpopDemands,
  grantTypes,
  isOidcScope,
  oidcScopes,
  shortGrantTypes,
  type ClientRegistration,
  type GrantType,
} from './oauth-client.ts';
import { maxUriLength, problemOfRedirectUri, problemOfResource, problemOfWebUri } from './client-uris.ts';

const maxUris = 50;
const maxScopes = 200;

const uriOf = (problemOf: (text: string) => string | undefined) =>
  z
    .string()
    .max(maxUriLength, 'is too long')
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    });
const distinct = <Each extends z.ZodType>(each: Each, max: number) =>
  z
    .array(each)
    .max(max, `has more than ${max} entries`)
    .refine((list) => new Set(list).size === list.length, 'names one twice');

const scope = z
  .string()
  .max(200)
  .refine(
    (text) => isOidcScope(text) || isPermission(text),
    `must be ${oidcScopes.join(', ')} or a permission such as "product:read"`,
  );

const longNames: Readonly<Record<string, GrantType>> = shortGrantTypes;
/** The long name stands for the short one from here on. */
const grantType = z.preprocess(
  (name) => (typeof name === 'string' && Object.hasOwn(longNames, name) ? longNames[name] : name),
  z.enum(grantTypes),
);

const resource = z.string().max(maxUriLength, 'is too long').superRefine(addProblemOfResource);

/** What administrators say of a client, as it arrives. What one field means for another is judged by `problemsOfClient`. */
export const clientFields = {
  name: plainText(100),
  trust: z.enum(clientTrusts),
  kind: z.enum(clientKinds),
  authentication: z.enum(clientAuthentications),
  grantTypes: distinct(grantType, grantTypes.length).min(1, 'must name one'),
  redirectUris: distinct(uriOf(problemOfRedirectUri), maxUris),
  postLogoutRedirectUris: distinct(uriOf(problemOfRedirectUri), maxUris),
  scopes: distinct(scope, maxScopes),
  resources: distinct(resource, maxUris),
  serves: distinct(resource, maxUris),
  backchannelLogoutUri: uriOf(problemOfWebUri),
  jwks: clientKeySetSchema,
  jwksUri: uriOf(problemOfWebUri),
  homepage: uriOf(problemOfWebUri),
  logoUri: uriOf(problemOfWebUri),
  dpop: z.enum(dpopDemands),
  requirePushedRequests: z.boolean(),
  certificateBoundTokens: z.boolean(),
  certificateName: z
    .string()
    .max(1000, 'is too long')
    .transform((text, context) => {
      const outcome = toClientCertificateName(text);
      if ('name' in outcome) return outcome.name;
      context.addIssue({ code: 'custom', message: outcome.problem });
      return z.NEVER;
    }),
} as const;

/** A client to register. */
export const newClientSchema = z.strictObject({
  name: clientFields.name,
  trust: clientFields.trust.default('third-party'),
  kind: clientFields.kind.default('application'),
  authentication: clientFields.authentication,
  grantTypes: clientFields.grantTypes,
  redirectUris: clientFields.redirectUris.default([]),
  postLogoutRedirectUris: clientFields.postLogoutRedirectUris.default([]),
  scopes: clientFields.scopes.default([]),
  resources: clientFields.resources.default([]),
  serves: clientFields.serves.default([]),
  backchannelLogoutUri: clientFields.backchannelLogoutUri.optional(),
  jwks: clientFields.jwks.optional(),
  jwksUri: clientFields.jwksUri.optional(),
  homepage: clientFields.homepage.optional(),
  logoUri: clientFields.logoUri.optional(),
  dpop: clientFields.dpop.default('optional'),
  requirePushedRequests: clientFields.requirePushedRequests.default(false),
  certificateBoundTokens: clientFields.certificateBoundTokens.default(false),
  certificateName: clientFields.certificateName.optional(),
}) satisfies z.ZodType<ClientRegistration>;

/** A change of a client: what is absent stays, and `null` takes away what may be absent. */
export const clientChangeSchema = z
  .strictObject({
    name: clientFields.name,
    trust: clientFields.trust,
    kind: clientFields.kind,
    authentication: clientFields.authentication,
    grantTypes: clientFields.grantTypes,
    redirectUris: clientFields.redirectUris,
    postLogoutRedirectUris: clientFields.postLogoutRedirectUris,
    scopes: clientFields.scopes,
    resources: clientFields.resources,
    serves: clientFields.serves,
    backchannelLogoutUri: clientFields.backchannelLogoutUri.nullable(),
    jwks: clientFields.jwks.nullable(),
    jwksUri: clientFields.jwksUri.nullable(),
    homepage: clientFields.homepage.nullable(),
    logoUri: clientFields.logoUri.nullable(),
    dpop: clientFields.dpop,
    requirePushedRequests: clientFields.requirePushedRequests,
    certificateBoundTokens: clientFields.certificateBoundTokens,
    certificateName: clientFields.certificateName.nullable(),
  })
  .partial();

/** A change, as it was read. */
export type ClientChange = z.output<typeof clientChangeSchema>;

/** The `client_id`s that are given out here. */
export const clientIdSchema = z.string().regex(/^client_[0-9a-f]{20}$/, 'must be the id of a client');

/** How long the secret before works on, in seconds. */
export const overlapSecondsSchema = z
  .number()
  .int('must be a whole number')
  .min(0, 'must be at least 0')
  .max(30 * 86_400, 'must be at most 30 days');

function addProblemOfResource(text: string, context: z.RefinementCtx): void {
  const problem = problemOfResource(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}
