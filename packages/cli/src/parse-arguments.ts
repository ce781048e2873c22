import { parseArgs } from 'node:util';
import { exitCodes, nearestWord, UsageError, type CommandOption } from '@sallyport/core';
import { commonOptions, type Command } from './command.ts';

/** A command line, taken apart. */
export interface ParsedArguments {
  readonly operands: readonly string[];
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/**
 * Takes the arguments of a command apart.
 *
 * @throws UsageError for whatever is unknown, missing, repeated or too much; values are never repeated, because
 *   the operator may have typed a password where none belongs.
 */
export function parseCommandArguments(command: Command, args: readonly string[]): ParsedArguments {
  const options: Readonly<Record<string, CommandOption>> = { ...command.options, ...commonOptions };
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
  });
  const operands: string[] = [];
  const values = new Map<string, readonly string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw mistake(command, unknownOption(token.rawName, Object.keys(options)));
    if (values.has(token.name) && option.isRepeatable !== true)
      throw mistake(command, `${token.rawName} is given twice`);
    if (option.value === undefined && token.inlineValue === true)
      throw mistake(command, `${token.rawName} is a switch and takes no value`);
    if (option.value !== undefined && (token.value === undefined || token.value === ''))
      throw mistake(command, `${token.rawName} needs a value: ${token.rawName} <${option.value}>`);
    // A switch where a value belongs is a forgotten value.
    if (option.value !== undefined && token.inlineValue !== true && /^--\w/.test(token.value ?? ''))
      throw mistake(command, `${token.rawName} needs a value: ${token.rawName} <${option.value}>`);
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? '']);
  }
  if (values.has('help')) return { operands, values };
  for (const [name, { isRequired = false, value }] of Object.entries(options))
    if (isRequired && !values.has(name)) throw mistake(command, `--${name} <${value ?? ''}> is missing`);
  requireOperands(command, operands);
  return { operands, values };
}

function requireOperands(command: Command, operands: readonly string[]): void {
  const { operands: expected = [] } = command;
  const missing = expected[operands.length];
  if (missing !== undefined && !missing.startsWith('[')) throw mistake(command, `${missing} is missing`);
  const mayRepeat = expected.at(-1)?.includes('…>') === true;
  if (operands.length > expected.length && !mayRepeat)
    throw mistake(
      command,
      expected.length === 0 ? 'it takes nothing but options' : `it takes ${expected.join(' ')} and no more`,
    );
}

function unknownOption(rawName: string, known: readonly string[]): string {
  const shown = rawName.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
  const nearest = nearestWord(rawName.replace(/^-+/, ''), known);
  return `${shown} is not an option of it${nearest === undefined ? '' : `; did you mean --${nearest}?`}`;
}

function mistake({ name }: Command, problem: string): UsageError {
  return new UsageError(
    `sallyport ${name}: ${problem}${problem.endsWith('?') ? '' : '.'} "sallyport ${name} --help" shows how it is used.`,
    exitCodes.usage,
  );
}
