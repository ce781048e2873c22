import { exitCodes } from '@sallyport/core';
import type { Command } from '../command.ts';
import { withFileLock } from '../sign-in/file-lock.ts';
import { revokeSignIn } from '../sign-in/revoke-sign-in.ts';
import { chooseGateway, urlOption } from '../sign-in/which-gateway.ts';

/** Ends the sign-in at a gateway, there and here. */
export const logout: Command = {
  name: 'logout',
  summary: 'Signs you out at a gateway, and deletes what is kept here',
  options: { url: urlOption },
  run: async (call) => {
    const { url, kept } = chooseGateway(call);
    if (kept.read(url) === undefined) {
      call.report({ status: 'signed-out', url, ended: false }, `You were not signed in at ${url}.`);
      return exitCodes.done;
    }
    return withFileLock(kept.lockOf(url), async () => {
      const signIn = kept.read(url);
      // First there: what is deleted here cannot be ended any more.
      const isEnded = signIn !== undefined && (await revokeSignIn(signIn));
      kept.remove(url);
      call.report({ status: 'signed-out', url, ended: isEnded }, `Signed out at ${url}.`);
      return exitCodes.done;
    });
  },
};
