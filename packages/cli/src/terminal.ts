import type { Readable, Writable } from 'node:stream';

/** What a command may use of the process that it runs in. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** For progress, warnings and mistakes: what is piped on stays clean. */
  readonly errors: Writable & { readonly isTTY?: boolean };
}
