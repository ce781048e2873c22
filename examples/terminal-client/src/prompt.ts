import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks a person, or takes the next line of what is piped in. */
export interface Prompt {
  ask(question: string): Promise<string>;
  /** What is typed is not shown. */
  askHidden(question: string): Promise<string>;
  close(): void;
}

/** Opens the terminal. Questions go to standard error, so that standard output is the answer of the service alone. */
export function openPrompt(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Prompt {
  let isHidden = false;
  const shown = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!isHidden) output.write(chunk);
      done();
    },
  });
  // The interface itself echoes what is typed, so that hiding is to leave that out; the terminal is in raw mode meanwhile.
  const lines = createInterface({ input, output: shown, terminal: input.isTTY });
  const iterator = lines[Symbol.asyncIterator]();
  const next = async (question: string, hide: boolean): Promise<string> => {
    output.write(question);
    isHidden = hide;
    const { value, done } = await iterator.next();
    isHidden = false;
    if (hide) output.write('\n');
    if (done === true) throw new Error('There is no answer to that question on the standard input');
    return value;
  };
  return {
    ask: async (question) => (await next(question, false)).trim(),
    askHidden: (question) => next(question, true),
    close: () => lines.close(),
  };
}
