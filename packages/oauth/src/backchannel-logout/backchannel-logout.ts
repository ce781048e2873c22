import type { OAuthClient } from '../clients/oauth-client.ts';
import { createPostForm } from '../outbound/post-form.ts';
import { createLogoutQueue, type ClientSignIn } from './logout-queue.ts';
import { createLogoutSender, type LogoutSenderOptions } from './logout-sender.ts';
import type { Records } from '@sallyport/core';

/** Tells clients that sessions are over by which people had signed in to them. */
export interface BackchannelLogout {
  /**
   * Notes that a session signed in to a client. Await it before the client gets a code or a token: what ends the session
   * later finds it. Does nothing for a client that is not to be told.
   */
  recordSignIn(
    client: Pick<OAuthClient, 'id' | 'backchannelLogoutUri'>,
    signIn: Omit<ClientSignIn, 'clientId'>,
  ): Promise<void>;
  /** Joins the transaction that ends the sessions. */
  readonly noteSessionEndings: (sids: readonly string[]) => Promise<void>;
  /** Joins the transaction that deletes the account, or hands it to another owner. */
  readonly forgetAccount: (userId: string) => Promise<void>;
  /** Joins the transaction that deletes the client. */
  readonly forgetClient: (clientId: string) => Promise<void>;
  /** Begins to send what waits, and what will wait. */
  start(): void;
  /** Stops. What is under way is sent again by the next gateway. */
  close(): Promise<void>;
}

export interface BackchannelLogoutOptions extends Omit<LogoutSenderOptions, 'queue' | 'postForm' | 'isClosing'> {
  readonly records: Records;
  /** Hosts of clients that are called although their addresses are private. */
  readonly privateHosts: readonly string[];
  /** How often it is looked for what waits. @default 2000 */
  readonly pollMilliseconds?: number;
}

/** After the end of a session in this process: its transaction is over by then, and no client waits for the next look. */
const wakeMilliseconds = 250;

/** Builds it on the table of sign-ins and logouts. */
export function createBackchannelLogout(options: BackchannelLogoutOptions): BackchannelLogout {
  const { records, privateHosts, pollMilliseconds = 2_000, now } = options;
  const closing = new AbortController();
  const queue = createLogoutQueue(records, now);
  const postForm = createPostForm({ privateHosts, signal: closing.signal });
  const sender = createLogoutSender({ ...options, queue, postForm, isClosing: () => closing.signal.aborted });
  let poll: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;

  const sendAll = async (): Promise<void> => {
    while (!closing.signal.aborted && (await sender.run()) > 0);
  };
  const turn = (): void => {
    if (poll === undefined || closing.signal.aborted) return;
    running ??= sendAll().finally(() => {
      running = undefined;
    });
  };
  const wake = (): void => {
    if (poll !== undefined) setTimeout(turn, wakeMilliseconds).unref();
  };

  return {
    async recordSignIn({ id, backchannelLogoutUri }, signIn) {
      if (backchannelLogoutUri !== undefined) await queue.record({ ...signIn, clientId: id });
    },
    async noteSessionEndings(sids) {
      await queue.noteEnded(sids, now());
      wake();
    },
    async forgetAccount(userId) {
      await queue.noteAccountGone(userId, now());
      wake();
    },
    forgetClient: (clientId) => queue.forgetClient(clientId),
    start() {
      poll ??= setInterval(turn, pollMilliseconds).unref();
    },
    async close() {
      closing.abort();
      clearInterval(poll);
      await running;
    },
  };
}
