import type { Command as CommandPort, CommandOption, ServiceCommandContext } from '@sallyport/core';
import type { OperatorServices } from '@sallyport/server';
import type { Terminal } from './terminal.ts';

/** One command. Those of the command line itself may use the terminal; those of features use what the port gives. */
export type Command = CommandPort<CommandCall>;

/** What every command runs with. */
export interface CommandCall extends ServiceCommandContext<OperatorServices> {
  readonly terminal: Terminal;
}

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  json: { describe: 'Write the result as JSON' },
  help: { describe: 'Show how the command is used' },
};
