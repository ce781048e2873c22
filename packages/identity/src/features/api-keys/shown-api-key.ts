import type { ShownApiKey } from '@sallyport/core';
import type { ApiKey } from './api-key-table.ts';

/** A key as its owner is shown it: everything but its secret. */
export function toShownApiKey(key: ApiKey, at: Date): ShownApiKey {
  const { keyId, name, scopes, hint, createdAt, expiresAt, lastUsedAt, previous } = key;
  return {
    id: keyId,
    name,
    scopes,
    hint,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    isExpired: expiresAt <= at,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    previous:
      previous === null || previous.until <= at
        ? null
        : { until: previous.until.toISOString(), lastUsedAt: previous.lastUsedAt?.toISOString() ?? null },
  };
}
