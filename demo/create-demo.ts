import { createGatewayTraces } from '@sallyport/gateway';
import { createDevelopmentMailbox } from '@sallyport/identity';
import type { Preset } from '@sallyport/server';
import { createVerifiedAccount, demoAccountsFile, prepareDemoAccounts } from './demo-accounts.ts';
import { demoConfig } from './demo-config.ts';
import { readDemoEnvironment } from './demo-environment.ts';
import { applyDemoPolicy } from './demo-policy.ts';
import { listenMailbox } from './mailbox-listener.ts';
import { createTracesMount, withoutOwnRequests } from './traces-mount.ts';

/** A Ctrl-C is to be over within a second or two, whatever streams are open. */
const graceMilliseconds = 750;

/** Puts the demo together: accounts to sign in with, a mailbox, and the page "Behind the door". */
export function createDemo(variables: Readonly<Record<string, string | undefined>> = process.env): Preset {
  const traces = withoutOwnRequests(createGatewayTraces());
  let openedPort: number | undefined;
  // Beside two gateways the mailbox is a process of its own, at the port that is named.
  const portOfMailbox = (): number => openedPort ?? readDemoEnvironment(variables).mailboxPort ?? 0;
  return {
    kind: 'preset',
    name: 'demo mode',
    traces,
    mounts: [createTracesMount(traces)],
    graceMilliseconds,
    secretFiles: [demoAccountsFile],
    configure: (environment) => demoConfig(environment, readDemoEnvironment(variables)),
    async openMailbox({ logger, closing }) {
      const mailbox = createDevelopmentMailbox();
      const listening = await listenMailbox(mailbox.app, portOfMailbox());
      openedPort = listening.port;
      closing.push(() => listening.close());
      logger.info('mailbox ready', { event: 'mailbox-ready', port: listening.port });
      return mailbox.mailer;
    },
    mailboxUrl: () => (portOfMailbox() === 0 ? undefined : `http://127.0.0.1:${portOfMailbox()}`),
    prepareRoles: applyDemoPolicy,
    async prepareAccounts({ dataDir }, identity) {
      await prepareDemoAccounts(dataDir, (account) => createVerifiedAccount(identity, account));
    },
  };
}
