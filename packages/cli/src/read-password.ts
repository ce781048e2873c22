import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { exitCodes, UsageError } from '@sallyport/core';
import type { Terminal } from './terminal.ts';

/** No password is longer. */
const maximumBytes = 4096;

/** Reads a password from a pipe: all of it up to the first line end. */
export function readPipedPassword(terminal: Terminal): Promise<string> {
  return readPipedLine(terminal, 'password');
}

/** Reads something secret from a pipe, up to the first line end. `what` is how it is called. */
export async function readPipedLine({ input }: Terminal, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maximumBytes) throw new UsageError(`The ${what} on standard input is too long.`, exitCodes.refused);
    chunks.push(bytes);
    if (bytes.includes(0x0a)) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n');
  return line.replace(/\r$/, '');
}

/**
 * Asks for a new password twice, without showing it.
 *
 * @throws UsageError when there is no terminal, or the two differ.
 */
export async function askForPassword(terminal: Terminal): Promise<string> {
  if (terminal.input.isTTY !== true)
    throw new UsageError(
      'There is no terminal to ask for a password: pipe it in with --password-stdin.',
      exitCodes.usage,
    );
  const password = await ask(terminal, 'New password: ');
  if ((await ask(terminal, 'The same again: ')) === password) return password;
  throw new UsageError('The two passwords differ. Nothing was changed.', exitCodes.refused);
}

async function ask({ input, errors }: Terminal, question: string): Promise<string> {
  errors.write(question);
  // The line editor echoes into nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => reject(new UsageError('Stopped. Nothing was changed.', exitCodes.refused)));
      lines.once('close', () =>
        reject(new UsageError('No password was given. Nothing was changed.', exitCodes.refused)),
      );
    });
  } finally {
    lines.close();
    errors.write('\n');
  }
}
