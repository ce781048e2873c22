import { exitCodes, type CommandOption } from '@sallyport/core';
import {
  requireClient,
  requireConfirmed,
  showClient,
  type ClientCommand,
  type ClientCommandCall,
} from './client-command.ts';

const confirm: CommandOption = { value: 'name', describe: 'The name of the client, to confirm that it is the one' };

/** Disables an OAuth client. */
export const disableClient: ClientCommand = {
  name: 'oauth-clients disable',
  summary: 'Disables an OAuth client: its tokens end, and it gets no others',
  operands: ['<id>'],
  options: { confirm },
  notes: ['Enabled again, it gets new tokens; those that ended stay ended, and its users sign in anew.'],
  run: (call) => changeDisabled(call, true),
};

/** Enables an OAuth client again. */
export const enableClient: ClientCommand = {
  name: 'oauth-clients enable',
  summary: 'Enables an OAuth client again',
  operands: ['<id>'],
  run: (call) => changeDisabled(call, false),
};

/** Deletes an OAuth client. */
export const deleteClient: ClientCommand = {
  name: 'oauth-clients delete',
  summary: 'Deletes an OAuth client with its tokens',
  operands: ['<id>'],
  options: { confirm },
  notes: ['Nothing brings it back; "oauth-clients disable" can be undone. Security events stay as long as configured.'],
  run: (call) =>
    call.withServices('writes', async (services) => {
      const client = await requireClient(services, call.operands[0]);
      requireConfirmed(call, client);
      await services.oauthClients.delete(client.id);
      call.report({ client: showClient(client) }, `${call.toPlainText(client.name)} is deleted.`);
      return exitCodes.done;
    }),
};

function changeDisabled(call: ClientCommandCall, isDisabled: boolean): Promise<number> {
  return call.withServices('writes', async (services) => {
    const before = await requireClient(services, call.operands[0]);
    if (isDisabled) requireConfirmed(call, before);
    const client = await services.oauthClients.setDisabled(before.id, isDisabled);
    const name = call.toPlainText(client.name);
    call.report({ client: showClient(client) }, isDisabled ? `${name} is disabled.` : `${name} works again.`);
    return exitCodes.done;
  });
}
