import { exitCodes, UsageError } from '@sallyport/core';
import type { ApiKeyCommand } from './api-key-command.ts';
import { findOwner, ownerOptions, requireOneOwner } from './find-owner.ts';

/** Revokes one API key, or all of an owner. */
export const revokeKeys: ApiKeyCommand = {
  name: 'api-keys revoke',
  summary: 'Revokes one API key by its id, or all of an owner',
  options: { id: { value: 'id', describe: 'One key, by its id' }, ...ownerOptions },
  notes: ['What a key opened ends, too. A revoked key cannot be brought back.'],
  run: async (call) => {
    const keyId = call.value('id');
    if (keyId === undefined) requireOneOwner(call);
    else if (call.has('user') || call.has('service'))
      throw new UsageError('Name one key (--id), or an owner: not both.', exitCodes.usage);
    return call.withServices('writes', async (services) => {
      if (keyId !== undefined) {
        if (!(await services.apiKeys.revoke(keyId)))
          throw new UsageError('There is no such key, or it was revoked before.', exitCodes.refused);
        call.report({ revoked: 1 }, `${keyId} is revoked.`);
        return exitCodes.done;
      }
      const { kind, id, name } = await findOwner(call, services);
      const revoked = await services.apiKeys.revokeAll({ kind, id });
      call.report({ revoked }, `${call.toPlainText(name)}: ${revoked} keys revoked.`);
      return exitCodes.done;
    });
  },
};
