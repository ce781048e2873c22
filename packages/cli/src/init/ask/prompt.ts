import { createInterface } from 'node:readline';
import { exitCodes, UsageError } from '@sallyport/core';
import type { Terminal } from '../../terminal.ts';

/** Asks people, and takes an empty answer for the one in brackets. */
export interface Prompt {
  /** Asks again until `check` finds nothing wrong. */
  ask(question: string, otherwise: string, check: (answer: string) => string | undefined): Promise<string>;
  confirm(question: string, otherwise: boolean): Promise<boolean>;
  close(): void;
}

/** Opens the terminal for questions. They are written where progress is, so that results stay clean. */
export function openPrompt({ input, errors }: Terminal): Prompt {
  const reader = createInterface({ input, output: errors, terminal: input.isTTY === true && errors.isTTY === true });
  const lines = reader[Symbol.asyncIterator]();
  let isOpen = true;
  reader.once('close', () => {
    isOpen = false;
  });

  const readLine = async (question: string): Promise<string> => {
    // Of what was piped in, lines may be left when the pipe has ended.
    reader.setPrompt(`${question} `);
    if (isOpen) reader.prompt();
    else errors.write(`${question} `);
    const line = await lines.next();
    // Ctrl-C, Ctrl-D, and the end of what is piped in.
    if (line.done === true) throw new UsageError('\nNothing was changed.', exitCodes.refused);
    return line.value.trim();
  };

  return {
    async ask(question, otherwise, check) {
      for (;;) {
        const answer = (await readLine(`${question} [${otherwise}]`)) || otherwise;
        const problem = check(answer);
        if (problem === undefined) return answer;
        errors.write(`  ${problem}\n`);
      }
    },
    async confirm(question, otherwise) {
      for (;;) {
        const answer = (await readLine(`${question} [${otherwise ? 'Y/n' : 'y/N'}]`)).toLowerCase();
        if (answer === '') return otherwise;
        if (['y', 'yes'].includes(answer)) return true;
        if (['n', 'no'].includes(answer)) return false;
        errors.write('  Answer y or n.\n');
      }
    },
    close: () => reader.close(),
  };
}
