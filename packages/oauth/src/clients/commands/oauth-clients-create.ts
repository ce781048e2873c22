import { exitCodes } from '@sallyport/core';
import { reportMade, type ClientCommand } from './client-command.ts';
import { readRegistration, registrationOptions } from './client-options.ts';

/** Registers an OAuth client. */
export const createClient: ClientCommand = {
  name: 'oauth-clients create',
  summary: 'Registers an OAuth client, and shows its secret once where it has one',
  options: {
    name: { value: 'name', describe: 'As people read it where they are asked for consent', isRequired: true },
    ...registrationOptions,
    authentication: { ...registrationOptions.authentication, isRequired: true },
    grant: { ...registrationOptions.grant, isRequired: true },
  },
  notes: [
    'Third-party unless --trust says otherwise. A secret goes to standard output alone, so that it can be piped to where it is kept.',
  ],
  run: (call) => {
    const registration = readRegistration(call);
    return call.withServices('writes', async ({ oauthClients }) => {
      const made = await oauthClients.create(registration);
      reportMade(call, made, `${call.toPlainText(made.client.name)} is registered as ${made.client.id}.`);
      return exitCodes.done;
    });
  },
};
