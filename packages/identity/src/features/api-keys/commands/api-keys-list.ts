import { exitCodes, type ShownApiKey } from '@sallyport/core';
import type { ApiKeyCommand } from './api-key-command.ts';
import { findOwner, ownerOptions, requireOneOwner } from './find-owner.ts';
import { toShownKey } from './shown-key.ts';

/** Lists the API keys of a user or a service account. */
export const listKeys: ApiKeyCommand = {
  name: 'api-keys list',
  summary: 'Lists the API keys of an owner; none is shown whole',
  options: ownerOptions,
  notes: ['With --json each key is one line.'],
  run: async (call) => {
    requireOneOwner(call);
    return call.withServices('reads', async (services) => {
      const { kind, id } = await findOwner(call, services);
      const keys = (await services.apiKeys.list({ kind, id })).map(toShownKey);
      if (call.isJson) for (const key of keys) call.report(key, '');
      else if (keys.length > 0)
        call.report(
          null,
          call.toTable(
            ['ID', 'NAME', 'SECRET', 'SCOPES', 'EXPIRES', 'LAST USED', 'SECRET BEFORE'],
            keys.map((key) => [
              key.id,
              key.name,
              `${key.hint}…`,
              key.scopes.join(' '),
              key.isExpired ? 'expired' : key.expiresAt,
              key.lastUsedAt ?? 'never',
              key.previous === null ? '' : describePrevious(key.previous),
            ]),
          ),
        );
      call.note(keys.length === 1 ? 'One key.' : `${keys.length} keys.`);
      return exitCodes.done;
    });
  },
};

/** The secret before the last rotation still opens what the key opens: an operator who rotates wants to know whether it is in use. */
function describePrevious({ until, lastUsedAt }: NonNullable<ShownApiKey['previous']>): string {
  return `works until ${until}, last used ${lastUsedAt ?? 'never'}`;
}
