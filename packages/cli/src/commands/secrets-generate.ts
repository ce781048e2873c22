import { exitCodes, UsageError } from '@sallyport/core';
import { generateRootSecret } from '@sallyport/stores';
import type { Command } from '../command.ts';

/** Prints a value for SALLYPORT_SECRET. */
export const generateSecret: Command = {
  name: 'secrets generate',
  summary: 'Prints a strong value for SALLYPORT_SECRET',
  options: { version: { value: 'number', describe: 'Print it as this version, such as 2:…, for a rotation' } },
  run: async (call) => {
    const version = call.value('version');
    if (version !== undefined && !/^[1-9]\d{0,8}$/.test(version))
      throw new UsageError('--version must be a whole number from 1.', exitCodes.usage);
    const secret = `${version === undefined ? '' : `${version}:`}${generateRootSecret()}`;
    call.report({ secret }, secret);
    return exitCodes.done;
  },
};
