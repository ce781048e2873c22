import * as z from 'zod';
import { clientConfigShape } from './clients/client-config.ts';
import { deviceFlowConfigShape } from './device-flow/device-flow-config.ts';
import { providerConfigShape } from './provider/provider-config.ts';

/** The OAuth and OpenID Connect provider. Absent means that there is none. */
export const oauthProviderConfig = z
  .strictObject({ ...providerConfigShape, ...clientConfigShape, ...deviceFlowConfigShape })
  .optional()
  .describe(
    'The OAuth 2.1 and OpenID Connect provider, for partners and for front ends of your own; absent means that there is none, {} that it is as usual',
  );

/** The section, with its defaults. */
export type OAuthProviderConfig = z.output<typeof oauthProviderConfig>;
