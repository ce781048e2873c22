import { exitCodes, UsageError } from '@sallyport/core';
import { reportMade, requireClient, type ClientCommand } from './client-command.ts';
import { readRegistration, registrationOptions } from './client-options.ts';

/** What may be absent, by the option that names it. */
const clearable = {
  'redirect-uri': ['redirectUris', []],
  'post-logout-redirect-uri': ['postLogoutRedirectUris', []],
  scope: ['scopes', []],
  resource: ['resources', []],
  serves: ['serves', []],
  'backchannel-logout-uri': ['backchannelLogoutUri', null],
  jwks: ['jwks', null],
  'jwks-uri': ['jwksUri', null],
  homepage: ['homepage', null],
  'logo-uri': ['logoUri', null],
  'certificate-name': ['certificateName', null],
} as const;

/** Changes an OAuth client. */
export const updateClient: ClientCommand = {
  name: 'oauth-clients update',
  summary: 'Changes an OAuth client: what is not named stays as it is',
  operands: ['<id>'],
  options: {
    name: { value: 'name', describe: 'As people read it where they are asked for consent' },
    ...registrationOptions,
    clear: {
      value: 'option',
      describe: `Takes one of these away: ${Object.keys(clearable).join(', ')}`,
      isRepeatable: true,
    },
  },
  notes: ['An option that may be repeated replaces the whole list.'],
  run: (call) => {
    const cleared = call.values('clear').map((option) => {
      const entry = Object.entries(clearable).find(([name]) => name === option)?.[1];
      if (entry === undefined)
        throw new UsageError(`--clear takes one of: ${Object.keys(clearable).join(', ')}.`, exitCodes.usage);
      return entry;
    });
    const change = { ...readRegistration(call), ...Object.fromEntries(cleared) };
    if (Object.keys(change).length === 0) throw new UsageError('Name what is to change.', exitCodes.usage);
    return call.withServices('writes', async (services) => {
      const { id } = await requireClient(services, call.operands[0]);
      const made = await services.oauthClients.update(id, change);
      reportMade(call, made, `${call.toPlainText(made.client.name)} is changed.`);
      return exitCodes.done;
    });
  },
};
