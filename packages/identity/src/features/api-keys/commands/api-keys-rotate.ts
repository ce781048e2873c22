import { exitCodes } from '@sallyport/core';
import type { ApiKeyCommand } from './api-key-command.ts';
import { readNumber, reportMade } from './shown-key.ts';

/** Gives an API key another secret. */
export const rotateKey: ApiKeyCommand = {
  name: 'api-keys rotate',
  summary: 'Gives an API key another secret, and shows it once',
  operands: ['<id>'],
  options: {
    'overlap-seconds': {
      value: 'seconds',
      describe: 'How long the old secret works on; 0 ends it at once. "apiKeys.overlapSeconds" when absent',
    },
  },
  notes: [
    'Two secrets of a key work at the same time at most: a third one needs --overlap-seconds 0, or the end of the first.',
  ],
  run: async (call) => {
    const overlapSeconds = readNumber(call, 'overlap-seconds');
    return call.withServices('writes', async ({ apiKeys }) => {
      reportMade(call, await apiKeys.rotate(call.operands[0] ?? '', overlapSeconds));
      return exitCodes.done;
    });
  },
};
