import type { Terminal } from './terminal.ts';

/** An option of a command, such as `--email <address>`. */
export interface CommandOption {
  readonly describe: string;
  /** What stands after it; without one the option is a switch. */
  readonly value?: string;
  readonly isRequired?: boolean;
  /** May be given several times; `values` has them all. */
  readonly isRepeatable?: boolean;
}

/** One command, such as `users import`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Names of what stands without an option, such as `<email>`; one that ends in `…>` may be repeated. */
  readonly operands?: readonly string[];
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What else the help page says. */
  readonly notes?: readonly string[];
  /** @returns the exit code. */
  readonly run: (call: CommandCall) => Promise<number>;
}

/** What a command was called with. */
export interface CommandCall {
  readonly terminal: Terminal;
  readonly operands: readonly string[];
  /** The value of an option; `undefined` when it is absent. */
  readonly value: (name: string) => string | undefined;
  /** Every value of an option that may be repeated. */
  readonly values: (name: string) => readonly string[];
  readonly has: (name: string) => boolean;
  readonly isJson: boolean;
  /** Writes the result: the object for machines, the text for people. */
  readonly report: (result: unknown, text: string) => void;
  /** Writes a line to people, beside the result. */
  readonly note: (text: string) => void;
}

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  json: { describe: 'Write the result as JSON' },
  help: { describe: 'Show how the command is used' },
};
