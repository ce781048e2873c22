import type { PageTable } from '../pages/page-table.ts';

/** Exit codes of the command line. */
export const exitCodes = {
  /** Everything was done. */
  done: 0,
  /** The command ran, and refused or found something. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** It cannot run now: the configuration, a running gateway, a store that does not answer. */
  unavailable: 3,
} as const;

/** A use of the command line that the operator can correct: its message says how, and no stack trace is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.unavailable) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** An option of a command, such as `--email <address>`. */
export interface CommandOption {
  readonly describe: string;
  /** What stands after it; without one the option is a switch. */
  readonly value?: string;
  readonly isRequired?: boolean;
  /** May be given several times; `values` has them all. */
  readonly isRepeatable?: boolean;
}

/**
 * One command of `sallyport`, such as `users import`. It is a declaration: the command line lists it, shows its help and
 * refuses wrong arguments without opening a store.
 */
export interface Command<Context> {
  readonly name: string;
  readonly summary: string;
  /** Names of what stands without an option, such as `<email>`; `<roles…>` may be repeated, `[<name>]` may be left out. */
  readonly operands?: readonly string[];
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What else the help page says. */
  readonly notes?: readonly string[];
  /** Rejects with a {@link UsageError} for what the operator can correct. @returns the exit code. */
  readonly run: (context: Context) => Promise<number>;
}

/** What a command was called with, and how it talks with the operator. */
export interface CommandCall {
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
  /** Writes over the line that shows how far the command is; an empty text ends it. Only a terminal shows it. */
  readonly showProgress: (text: string) => void;
  /** Sets rows in columns, with text that could steer a terminal made harmless. */
  readonly toTable: (header: readonly string[], rows: readonly (readonly string[])[]) => string;
  /** Makes text of other people, such as names and addresses, harmless for a terminal. */
  readonly toPlainText: (text: string) => string;
  /** The path of a file that was named on the command line. */
  readonly resolvePath: (path: string) => string;
  /** Takes a new password from a pipe, or asks for it twice without showing it. */
  readonly readNewPassword: (from: 'pipe' | 'terminal') => Promise<string>;
}

/** What a command knows of the deployment whose services it uses. */
export interface CommandDeployment {
  /** Origin that browsers see. */
  readonly publicUrl: string;
  /** Where links lead. */
  readonly pages: PageTable;
  /** Whether a mail server is configured. */
  readonly canMail: boolean;
}

/** What a command runs with that uses services of the deployment. It names those that it uses. */
export interface ServiceCommandContext<Services> extends CommandCall {
  /**
   * Runs the work with the services of the deployment: those of the gateway that runs, and where none runs of the stores, which
   * are opened and closed again.
   *
   * @param access whether the work changes anything. What only reads opens the stores beside a gateway.
   */
  readonly withServices: (
    access: 'reads' | 'writes',
    work: (services: Services, deployment: CommandDeployment) => Promise<number>,
  ) => Promise<number>;
}
