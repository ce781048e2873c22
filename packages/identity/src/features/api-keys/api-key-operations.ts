import { defineOperation, OptionsError, SallyportError, toCertificateName, type Operation } from '@sallyport/core';
import * as z from 'zod';
import { apiKeyFields } from './api-key-fields.ts';
import type { ApiKeys } from './api-keys.ts';
import type { ServiceAccounts } from './service-accounts.ts';

export interface ApiKeyOperationParts {
  /** `undefined` where the configuration has no `apiKeys`. */
  readonly apiKeys: ApiKeys | undefined;
  readonly serviceAccounts: ServiceAccounts;
}

const id = z.string().min(1).max(100);
const owner = z.strictObject({ kind: z.enum(['user', 'service']), id });
const roles = z.array(z.string().max(100)).max(50);
/** As in the subject of a token: short, and readable in a log. */
const serviceName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be small letters, digits and "-", at most 64 characters');

/** What a unique index of every database can hold. */
const maxCertificateLength = 512;
const certificate = z
  .string()
  .max(maxCertificateLength)
  .transform((text, context) => {
    try {
      const name = toCertificateName(text);
      if (name.length <= maxCertificateLength) return name;
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
    }
    const message =
      'must be a SPIFFE id (spiffe://acme/billing), or the subject as openssl writes it (CN=billing,O=Acme)';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** What operators do with API keys and service accounts. */
export function createApiKeyOperations({ apiKeys, serviceAccounts }: ApiKeyOperationParts): readonly Operation[] {
  const requireKeys = (): ApiKeys => {
    if (apiKeys !== undefined) return apiKeys;
    const errors = [{ field: 'apiKeys', message: 'is not in the configuration: there are no API keys' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'api-keys-off', errors });
  };
  return [
    defineOperation({
      name: 'api-keys/create',
      input: z.strictObject({
        owner,
        name: apiKeyFields.name,
        scopes: apiKeyFields.scopes,
        days: apiKeyFields.days.optional(),
      }),
      // The operator of the machine is as sure as any proof: no later demand of the roles voids the key.
      run: (input, context) => requireKeys().create({ ...input, acr: 'phr' }, context),
    }),
    defineOperation({
      name: 'api-keys/list',
      input: z.strictObject({ owner }),
      run: (input) => requireKeys().list(input.owner),
    }),
    defineOperation({
      name: 'api-keys/rotate',
      input: z.strictObject({ keyId: apiKeyFields.keyId, overlapSeconds: apiKeyFields.overlapSeconds.optional() }),
      run: ({ keyId, overlapSeconds }, context) => requireKeys().rotate({ keyId }, overlapSeconds, context),
    }),
    defineOperation({
      name: 'api-keys/revoke',
      input: z.strictObject({ keyId: apiKeyFields.keyId }),
      run: ({ keyId }, context) => requireKeys().revoke({ keyId }, context),
    }),
    defineOperation({
      name: 'api-keys/revoke-all',
      input: z.strictObject({ owner }),
      run: (input, context) => requireKeys().revokeAll(input.owner, context),
    }),
    defineOperation({
      name: 'service-accounts/create',
      input: z.strictObject({ name: serviceName, roles, certificate: certificate.optional() }),
      run: (input, context) => serviceAccounts.create(input, context),
    }),
    defineOperation({
      name: 'service-accounts/find',
      input: z.strictObject({ name: z.string().max(200) }),
      run: ({ name }) => serviceAccounts.findByName(name),
    }),
    defineOperation({
      name: 'service-accounts/list',
      input: z.strictObject({}),
      run: () => serviceAccounts.list(),
    }),
    defineOperation({
      name: 'service-accounts/set-roles',
      input: z.strictObject({ id, roles }),
      run: (input, context) => serviceAccounts.setRoles(input.id, input.roles, context),
    }),
    defineOperation({
      name: 'service-accounts/set-certificate',
      input: z.strictObject({ id, certificate: certificate.nullable() }),
      run: (input, context) => serviceAccounts.setCertificate(input.id, input.certificate, context),
    }),
    defineOperation({
      name: 'service-accounts/set-disabled',
      input: z.strictObject({ id, isDisabled: z.boolean() }),
      run: (input, context) => serviceAccounts.setDisabled(input.id, input.isDisabled, context),
    }),
  ];
}
