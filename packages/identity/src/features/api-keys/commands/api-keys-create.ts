import { exitCodes } from '@sallyport/core';
import type { ApiKeyCommand } from './api-key-command.ts';
import { findOwner, ownerOptions, requireOneOwner } from './find-owner.ts';
import { readNumber, reportMade } from './shown-key.ts';

/** Makes an API key for a user or a service account. */
export const createKey: ApiKeyCommand = {
  name: 'api-keys create',
  summary: 'Makes an API key, and shows its secret once',
  options: {
    ...ownerOptions,
    name: { value: 'name', describe: 'What the key is for', isRequired: true },
    scope: {
      value: 'permission',
      describe: 'A permission that the key may use, of those that its owner holds',
      isRepeatable: true,
    },
    days: { value: 'days', describe: 'How long it lives; "apiKeys.usualDays" of the configuration when absent' },
  },
  notes: ['The secret goes to standard output alone, so that it can be piped to where it is kept.'],
  run: async (call) => {
    requireOneOwner(call);
    const days = readNumber(call, 'days');
    return call.withServices('writes', async (services) => {
      const { kind, id } = await findOwner(call, services);
      const request = { owner: { kind, id }, name: call.value('name') ?? '', scopes: call.values('scope'), days };
      const made = await services.apiKeys.create(request);
      reportMade(call, made);
      return exitCodes.done;
    });
  },
};
