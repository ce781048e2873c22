import { exitCodes } from '@sallyport/core';
import type { Command } from '../command.ts';
import { readCurrentSignIn } from '../sign-in/current-sign-in.ts';
import { nameOfUser } from '../sign-in/name-of-user.ts';
import { chooseGateway, urlOption } from '../sign-in/which-gateway.ts';

/** Says who is signed in at a gateway, and asks it whether that is still so. */
export const whoami: Command = {
  name: 'whoami',
  summary: 'Says which user you are signed in as at a gateway, and asks it whether that is still so',
  options: { url: urlOption },
  run: async (call) => {
    const { url, kept } = chooseGateway(call);
    const signIn = await readCurrentSignIn(kept, url, 'checked');
    call.report({ url, user: signIn.user }, `${nameOfUser(call, signIn)} at ${url}`);
    return exitCodes.done;
  },
};
