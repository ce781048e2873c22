import type { Command, ServiceCommandContext } from '@sallyport/core';
import type { OperatorApiKeys } from '../operator-api-keys.ts';

/** What commands on API keys use of identity. */
export interface ApiKeyServices {
  readonly apiKeys: OperatorApiKeys;
  readonly accounts: {
    findByEmail(email: string): Promise<{ readonly id: string; readonly email: string } | null>;
    /** Those of these names that are not roles. */
    unknownRoles(roles: readonly string[]): Promise<readonly string[]>;
  };
}

export type ApiKeyCommandCall = ServiceCommandContext<ApiKeyServices>;

export type ApiKeyCommand = Command<ApiKeyCommandCall>;
