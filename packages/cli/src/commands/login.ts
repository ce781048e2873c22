import { exitCodes, type CommandOption } from '@sallyport/core';
import type { Command, CommandCall } from '../command.ts';
import type { KeptSignIn, KeptSignIns } from '../sign-in/kept-sign-in.ts';
import { revokeSignIn } from '../sign-in/revoke-sign-in.ts';
import { signInByDevice } from '../sign-in/device-sign-in.ts';
import { withFileLock } from '../sign-in/file-lock.ts';
import { discoverServer } from '../sign-in/oauth-server.ts';
import { openBrowser } from '../sign-in/open-browser.ts';
import { chooseClient, chooseGateway, urlOption } from '../sign-in/which-gateway.ts';
import { nameOfUser } from '../sign-in/name-of-user.ts';

const usualScopes = ['openid', 'profile', 'email', 'offline_access'];

const clientOption: CommandOption = {
  value: 'id',
  describe: 'Client to sign in as; SALLYPORT_CLIENT_ID, or the one that was used last there',
};

/** Signs the user of this terminal in at a gateway, by a code that they enter in a browser. */
export const login: Command = {
  name: 'login',
  summary: 'Signs you in at a gateway: shows a code that you enter in a browser',
  options: {
    url: urlOption,
    client: clientOption,
    scope: {
      value: 'scope',
      describe: `What to ask for; ${usualScopes.join(', ')} unless said`,
      isRepeatable: true,
    },
    open: { describe: 'Open the page in the browser of this machine' },
  },
  notes: [
    'Tokens are kept in the folder for the configuration of programs ($XDG_CONFIG_HOME/sallyport, ~/.config/sallyport), where you alone can read them.',
    'The sign-in is in the list of your devices, and can be ended there.',
  ],
  run: async (call) => {
    const gateway = chooseGateway(call);
    const { url, kept } = gateway;
    const clientId = chooseClient(call, gateway);
    const lock = kept.lockOf(url);
    const server = await discoverServer(url);
    const signIn = await signInByDevice({
      server,
      clientId,
      // Without it nothing would say who signed in.
      scopes: [...new Set(['openid', ...(call.has('scope') ? call.values('scope') : usualScopes)])],
      show(instructions) {
        showCode(call, instructions);
        if (call.has('open')) openBrowser(instructions.verificationUriComplete);
      },
    });
    const before = await keep(signIn, kept, lock).catch(async (error: unknown) => {
      // It would stay in the list of devices, and no file here could end it.
      await revokeSignIn(signIn).catch(() => undefined);
      throw error;
    });
    // What it takes the place of would stay in the list of devices for weeks.
    if (before !== undefined) await revokeSignIn(before).catch(() => undefined);
    const user = nameOfUser(call, signIn);
    call.report({ status: 'signed-in', url, user: signIn.user }, `Signed in at ${url} as ${user}.`);
    return exitCodes.done;
  },
};

/**
 * Keeps a sign-in, and resolves to the one before. Another shell may be refreshing that one: what it is given must not take the
 * place of this one afterwards.
 */
function keep(signIn: KeptSignIn, kept: KeptSignIns, lock: string): Promise<KeptSignIn | undefined> {
  return withFileLock(lock, async () => {
    const before = kept.read(signIn.url);
    kept.write(signIn);
    return before;
  });
}

/** For people, and beside the result: a program that reads the result has a user who reads this. */
function showCode(
  { terminal, toPlainText }: CommandCall,
  { userCode, verificationUri, verificationUriComplete }: Parameters<Parameters<typeof signInByDevice>[0]['show']>[0],
): void {
  terminal.errors.write(
    [
      `Open ${verificationUri} and enter the code`,
      '',
      `    ${toPlainText(userCode)}`,
      '',
      `or open ${verificationUriComplete} and compare it.`,
      'Waiting …',
      '',
    ].join('\n'),
  );
}
