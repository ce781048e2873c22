import { commonOptions, type Command } from './command.ts';
import { commands } from './commands/commands.ts';
import { toTable } from './table.ts';

/** What `sallyport --help` prints. */
export function overview(): string {
  return [
    'Usage: sallyport <command> [options]',
    '',
    listOf(commands, ''),
    '',
    'Every command takes --json and --help. It reads sallyport.config.ts and the environment, as the gateway does.',
    '"sallyport --version" says which release this is.',
    'Exit codes: 0 done, 1 refused or found something, 2 wrong usage, 3 cannot run now.',
  ].join('\n');
}

/** The commands that begin with a word, such as "users". */
export function commandsOf(group: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

/** What `sallyport users` prints: the commands that begin with that word. */
export function helpOfGroup(group: string): string {
  return [
    `Usage: sallyport ${group} <command> [options]`,
    '',
    listOf(commandsOf(group), `${group} `),
    '',
    `"sallyport ${group} <command> --help" shows the options of one.`,
  ].join('\n');
}

/** One line for each command, in columns. */
function listOf(listed: readonly Command[], prefix: string): string {
  const rows = listed.map(({ name, operands = [], summary }) => [
    `  ${[name.slice(prefix.length), ...operands].join(' ')}`,
    summary,
  ]);
  return toTable(['Commands', ''], rows);
}

/** What `--help` prints for one command. */
export function helpOf({ name, summary, operands = [], options = {}, notes = [] }: Command): string {
  const rows = Object.entries({ ...options, ...commonOptions }).map(
    ([option, { value, describe, isRequired = false }]) => [
      `  --${option}${value === undefined ? '' : ` <${value}>`}`,
      `${describe}${isRequired ? ' (required)' : ''}`,
    ],
  );
  return [
    `Usage: sallyport ${[name, ...operands].join(' ')} [options]`,
    '',
    `${summary}.`,
    '',
    toTable(['Options', ''], rows),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}
