import { exitCodes, UsageError } from '@sallyport/core';
import { reportMade, requireClient, type ClientCommand } from './client-command.ts';

/** Gives an OAuth client another secret. */
export const rotateClientSecret: ClientCommand = {
  name: 'oauth-clients rotate-secret',
  summary: 'Gives an OAuth client another secret, and shows it once',
  operands: ['<id>'],
  options: {
    'overlap-seconds': {
      value: 'seconds',
      describe:
        'How long the old secret works on; 0 ends it at once. "oauthProvider.clients.secretOverlapSeconds" when absent',
    },
  },
  notes: [
    'Two secrets of a client work at the same time at most: a third one needs --overlap-seconds 0, or the end of the first.',
  ],
  run: (call) => {
    const text = call.value('overlap-seconds');
    if (text !== undefined && !/^\d{1,9}$/.test(text))
      throw new UsageError('--overlap-seconds must be a whole number.', exitCodes.usage);
    const overlapSeconds = text === undefined ? undefined : Number(text);
    return call.withServices('writes', async (services) => {
      const { id, name } = await requireClient(services, call.operands[0]);
      const made = await services.oauthClients.rotateSecret(id, overlapSeconds);
      reportMade(call, made, `${call.toPlainText(name)} has a new secret.`);
      return exitCodes.done;
    });
  },
};
