import { createOperatorServices } from '@sallyport/server';
import { resolve } from 'node:path';
import type { CommandCall } from './command.ts';
import type { ParsedArguments } from './parse-arguments.ts';
import { askForPassword, readPipedPassword } from './read-password.ts';
import { toPlainText, toTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { withOperations } from './with-operations.ts';

/** Makes what a command runs with. No store is opened until the command asks for services. */
export function createCall(terminal: Terminal, { operands, values }: ParsedArguments): CommandCall {
  const isJson = values.has('json');
  const { output, errors } = terminal;
  return {
    terminal,
    operands,
    value: (name) => values.get(name)?.[0],
    values: (name) => values.get(name) ?? [],
    has: (name) => values.has(name),
    isJson,
    report: (result, text) => void output.write(isJson ? `${JSON.stringify(result)}\n` : `${text}\n`),
    note: (text) => {
      if (!isJson) errors.write(`${text}\n`);
    },
    showProgress: (text) => {
      if (errors.isTTY === true) errors.write(`\r\u001b[K${text}`);
    },
    toTable,
    toPlainText,
    resolvePath: (path) => resolve(terminal.workingFolder, path),
    readNewPassword: (from) => (from === 'pipe' ? readPipedPassword(terminal) : askForPassword(terminal)),
    withServices: (access, work) =>
      withOperations(terminal, access, ({ ask, deployment }) => work(createOperatorServices(ask), deployment)),
  };
}
