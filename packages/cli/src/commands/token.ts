import { exitCodes } from '@sallyport/core';
import type { Command } from '../command.ts';
import { readCurrentSignIn } from '../sign-in/current-sign-in.ts';
import { chooseGateway, urlOption } from '../sign-in/which-gateway.ts';

/** Writes an access token, for another program. */
export const token: Command = {
  name: 'token',
  summary: 'Writes an access token of your sign-in to standard output, for another program',
  options: { url: urlOption },
  notes: [
    'It lasts for minutes, and no other output of these commands has it. Arguments of programs are read by other users of the machine: printf "authorization: Bearer %s" "$(sallyport token)" | curl -H @- …',
  ],
  run: async (call) => {
    const { url, kept } = chooseGateway(call);
    const { accessToken, expiresAt } = await readCurrentSignIn(kept, url, 'usable');
    call.report({ url, accessToken, expiresAt: new Date(expiresAt).toISOString() }, accessToken);
    return exitCodes.done;
  },
};
