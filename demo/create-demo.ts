import { createGatewayTraces } from '@sallyport/gateway';
import type { Preset } from '@sallyport/server';
import { acmeProviderId } from './acme-sso/acme-client.ts';
import { createVerifiedAccount, demoAccountsFile, prepareDemoAccounts, type DemoAccount } from './demo-accounts.ts';
import { prepareCommandLine } from './demo-command-line.ts';
import { demoConfig } from './demo-config.ts';
import { readDemoEnvironment } from './demo-environment.ts';
import { applyDemoPolicy } from './demo-policy.ts';
import { createPreview } from './preview/preview-app.ts';
import { createTracesMount, withoutNoise } from './traces-mount.ts';

/** A Ctrl-C is to be over within a second or two, whatever streams are open. */
const graceMilliseconds = 750;

/** Puts the demo together: accounts to sign in with, the page "Behind the door", and a preview beside the mailbox. */
export function createDemo(variables: Readonly<Record<string, string | undefined>> = process.env): Preset {
  let accounts: readonly DemoAccount[] = [];
  const traces = withoutNoise(createGatewayTraces());
  return {
    kind: 'preset',
    name: 'demo mode',
    traces,
    mounts: [createTracesMount(traces)],
    graceMilliseconds,
    secretFiles: [demoAccountsFile],
    configure: (environment) => demoConfig(environment, readDemoEnvironment(variables)),
    providerSecrets() {
      const { acmeSso } = readDemoEnvironment(variables);
      return new Map(acmeSso === undefined ? [] : [[acmeProviderId, acmeSso.clientSecret]]);
    },
    // Beside two gateways the mailbox is a process of its own, at the port that is named.
    mailboxUrl: () => {
      const { mailboxPort = 0 } = readDemoEnvironment(variables);
      return mailboxPort === 0 ? undefined : `http://127.0.0.1:${mailboxPort}`;
    },
    besideMailbox: { path: '/preview', app: createPreview() },
    prepareRoles: applyDemoPolicy,
    async prepareAccounts({ dataDir, publicUrl }, identity) {
      accounts = await prepareDemoAccounts(dataDir, (account) => createVerifiedAccount(identity, account));
      await prepareCommandLine({ dataDir, publicUrl }, identity);
    },
    accountsEnteredWithoutPassword: () =>
      accounts.map(({ roles: [role = 'user'], email, password }) => ({ role, email, password })),
  };
}
