import { readFile } from 'node:fs/promises';
import { SallyportError, toStoreError, exitCodes, nearestWord, UsageError } from '@sallyport/core';
import { messageForOperators } from '@sallyport/server';
import { commands } from './commands/commands.ts';
import type { Command } from './command.ts';
import { createCall } from './create-call.ts';
import { commandsOf, helpOf, helpOfGroup, overview } from './help.ts';
import { parseCommandArguments } from './parse-arguments.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line and resolves to the exit code. Never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first = '--help'] = args;
    if (first === '--help' || first === '-h' || first === 'help') {
      terminal.output.write(`${overview()}\n`);
      return args.length === 0 ? exitCodes.usage : exitCodes.done;
    }
    if (first === '--version' || first === '-v') {
      terminal.output.write(`${await readVersion()}\n`);
      return exitCodes.done;
    }
    if (isGroupAlone(args)) {
      terminal.output.write(`${helpOfGroup(first)}\n`);
      return args.length === 1 ? exitCodes.usage : exitCodes.done;
    }
    const { command, rest } = findCommand(args);
    const parsed = parseCommandArguments(command, rest);
    if (parsed.values.has('help')) {
      terminal.output.write(`${helpOf(command)}\n`);
      return exitCodes.done;
    }
    return await command.run(createCall(terminal, parsed));
  } catch (error) {
    const { message, exitCode } = explain(error);
    terminal.errors.write(args.includes('--json') ? `${JSON.stringify({ error: message })}\n` : `${message}\n`);
    return exitCode;
  }
}

async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version; // Our own: npm demands a version.
}

/** Whether only the first word of commands was given, such as "users", as it is or to be explained. */
function isGroupAlone([first = '', ...rest]: readonly string[]): boolean {
  const isAsking = rest.length === 0 || (rest.length === 1 && ['--help', '-h'].includes(rest[0] ?? ''));
  return isAsking && !commands.some(({ name }) => name === first) && commandsOf(first).length > 0;
}

function findCommand(args: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: args.slice(words) };
  }
  throw new UsageError(`There is no such command.${adviceFor(args)} "sallyport --help" lists all.`, exitCodes.usage);
}

function adviceFor(args: readonly string[]): string {
  const [first = '', ...others] = args.filter((word) => !word.startsWith('-')).slice(0, 2);
  const names = commands.map(({ name }) => name);
  const isGroup = commandsOf(first).length > 0;
  const nearest = isGroup && others.length === 0 ? undefined : nearestWord([first, ...others].join(' '), names);
  if (nearest !== undefined) return ` Did you mean "sallyport ${nearest}"?`;
  return isGroup ? ` "sallyport ${first}" lists those that begin like that.` : '';
}

/** A stack trace is for faults of ours, and for nothing that an operator can correct. */
function explain(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof UsageError) return { message: error.message, exitCode: error.exitCode };
  const message = messageForOperators(error);
  if (message !== undefined) return { message, exitCode: exitCodes.unavailable };
  const known = toStoreError(error);
  if (known instanceof SallyportError) {
    const cause = known.cause instanceof Error ? ` (${known.cause.message})` : '';
    const fields = (known.errors ?? []).map(({ field, message }) => `${field} ${message}`).join('; ');
    if (known.code === 'SP_STORE_UNAVAILABLE')
      return {
        message: `The store does not answer${cause}. Nothing else was changed; try again.`,
        exitCode: exitCodes.unavailable,
      };
    return { message: `Refused: ${fields === '' ? known.message : fields}.`, exitCode: exitCodes.refused };
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `This is a fault of sallyport; please report it.\n${trace}`, exitCode: exitCodes.unavailable };
}
