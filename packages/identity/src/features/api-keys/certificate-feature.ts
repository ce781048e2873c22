import * as z from 'zod';
import type { Feature } from '../../feature.ts';
import { createCertificateAuthenticator } from './certificate-authenticator.ts';
import { createServiceAccounts, type ServiceAccountsOptions } from './service-accounts.ts';

/** The section belongs to the listener of the gateway, which reads it: here it says that there is one. */
const certificateConfig = z.looseObject({}).optional();

/** Certificates of service accounts. Off unless the configuration has a listener that asks for them (`mtls`). */
export const certificateFeature = {
  name: 'mtls',
  config: certificateConfig,
  credential: 'mtls',
  isEnabled: (section) => section !== undefined,
  create(kernel: ServiceAccountsOptions, section: z.output<typeof certificateConfig>) {
    if (section === undefined) return {};
    return {
      authenticator: createCertificateAuthenticator({
        serviceAccounts: createServiceAccounts(kernel),
        roles: kernel.roles,
      }),
    };
  },
} as const satisfies Feature<z.output<typeof certificateConfig>>;
