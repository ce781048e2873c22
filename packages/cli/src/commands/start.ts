import { existsSync } from 'node:fs';
import { exitCodes, UsageError } from '@sallyport/core';
import { runGateway } from '@sallyport/server';
import type { Command } from '../command.ts';

/** Runs the gateway. Resolves when it serves; the process lives on until it is told to stop. */
export const start: Command = {
  name: 'start',
  summary: 'Runs the gateway that the configuration of this folder describes',
  options: { config: { value: 'file', describe: 'Configuration file, before SALLYPORT_CONFIG' } },
  notes: [
    'SIGTERM and Ctrl-C let running requests end; SIGHUP reads the configuration again. Logs are JSON, one line each.',
  ],
  run: async (call) => {
    const configFile = call.value('config');
    if (configFile !== undefined && !existsSync(call.resolvePath(configFile)))
      throw new UsageError('sallyport start: --config names a file that does not exist.', exitCodes.usage);
    await runGateway(configFile === undefined ? {} : { configFile });
    return exitCodes.done;
  },
};
