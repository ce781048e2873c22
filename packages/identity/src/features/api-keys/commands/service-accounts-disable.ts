import { exitCodes } from '@sallyport/core';
import type { ApiKeyCommand, ApiKeyCommandCall } from './api-key-command.ts';
import { requireService } from './find-owner.ts';

/** Disables an account of a program. */
export const disableService: ApiKeyCommand = {
  name: 'service-accounts disable',
  summary: 'Disables a service account: none of its keys works, and what they opened ends',
  operands: ['<name>'],
  run: (call) => changeDisabled(call, true),
};

/** Enables an account of a program again. */
export const enableService: ApiKeyCommand = {
  name: 'service-accounts enable',
  summary: 'Enables a service account again: its keys work as before',
  operands: ['<name>'],
  run: (call) => changeDisabled(call, false),
};

function changeDisabled(call: ApiKeyCommandCall, isDisabled: boolean): Promise<number> {
  return call.withServices('writes', async (services) => {
    const { id } = await requireService(services, call.operands[0]);
    const service = await services.apiKeys.setServiceDisabled(id, isDisabled);
    call.report({ service }, isDisabled ? `${service.name} is disabled.` : `${service.name} works again.`);
    return exitCodes.done;
  });
}
