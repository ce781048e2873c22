import {
  exponentialBackoff,
  SallyportError,
  silentMeter,
  withJitter,
  type KeyRing,
  type Logger,
  type Meter,
  type SecurityEventLog,
} from '@sallyport/core';
import type { PostForm, PostOutcome } from '../outbound/post-form.ts';
import type { OAuthClient } from '../clients/oauth-client.ts';
import type { LogoutEvent } from './logout-events.ts';
import type { LogoutQueue, WaitingLogout } from './logout-queue.ts';
import { signLogoutToken } from './logout-token.ts';

/** What sends the logouts that wait. */
export interface LogoutSender {
  /**
   * One turn: sends those whose time has come, some of each client. Resolves to the number of those that something
   * became of, and so to 0 when none is left, or none can be written. Never rejects.
   */
  run(): Promise<number>;
}

export interface LogoutSenderOptions {
  readonly queue: LogoutQueue;
  readonly findClient: (id: string) => Promise<OAuthClient | null>;
  readonly keyRing: Pick<KeyRing, 'sign'>;
  readonly issuer: string;
  readonly postForm: PostForm;
  readonly events: SecurityEventLog<LogoutEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether this process ends: what is under way is left to another one. */
  readonly isClosing: () => boolean;
  readonly logger: Logger;
  readonly meter?: Meter;
  readonly now: () => Date;
}

/** For how long a client is tried. */
export const giveUpSeconds = 86_400;
/** Longer than a call takes: a gateway that died in between has not told anyone that it began. */
export const claimMilliseconds = 15_000;
const backoff = { firstMilliseconds: 5_000, maxMilliseconds: 3_600_000 } as const;
/** How long the others of a client wait that has not answered one. */
const othersWaitMilliseconds = 30_000;
const batchSize = 500;
/** What one client gets of a turn, so that one that is slow holds up the others for seconds. */
const maxOfClientInTurn = 12;
/** Calls at once to one client, and to how many clients. */
const maxAtOneClient = 4;
const maxClients = 8;

/** What became of a logout. */
type Outcome = 'delivered' | 'failed' | 'dropped' | 'obsolete' | 'taken';

/**
 * Builds the sender. Several gateways may run one each: a logout belongs to the one that claims it by compare-and-set on
 * the number of its attempts, and to another when that one has died. A client may therefore get a token twice, after an
 * answer that was lost; it is told of the same session then.
 */
export function createLogoutSender(options: LogoutSenderOptions): LogoutSender {
  const { queue, findClient, keyRing, issuer, postForm, events, transaction, isClosing, logger, now } = options;
  const counted = (options.meter ?? silentMeter).counter({
    name: 'sallyport_backchannel_logouts_total',
    help: 'Logout tokens for OAuth clients: delivered, failed (tried again), dropped (after a day), obsolete (no one to tell)',
    labels: ['outcome'],
  });

  const send = async (logout: WaitingLogout, address: string): Promise<PostOutcome> => {
    const { clientId, subject, clientSid } = logout;
    const token = signLogoutToken(keyRing, { issuer, clientId, subject, clientSid, at: now() });
    return postForm(address, { logout_token: token });
  };

  const drop = async (logout: WaitingLogout, failure: string): Promise<Outcome> => {
    const { sid, subject, clientId, attempts } = logout;
    const isDropped = await transaction(async () => {
      if (!(await queue.finish(logout))) return false;
      await events.append({
        type: 'backchannel-logout.dropped',
        at: now(),
        outcome: 'refused',
        target: subject,
        sid,
        requestId: 'backchannel-logout',
        address: 'local',
        details: { clientId, attempts, failure },
      });
      return true;
    });
    return isDropped ? 'dropped' : 'taken';
  };

  const retryLater = async (logout: WaitingLogout, failure: string): Promise<Outcome> => {
    const at = now();
    if (at.getTime() - logout.endedAt.getTime() >= giveUpSeconds * 1000) return drop(logout, failure);
    const pause = withJitter(exponentialBackoff(logout.attempts - 1, backoff));
    await queue.postpone(logout, new Date(at.getTime() + pause), failure);
    return 'failed';
  };

  const deliver = async (due: WaitingLogout, client: OAuthClient): Promise<Outcome> => {
    const logout = await queue.claim(due, new Date(now().getTime() + claimMilliseconds));
    if (logout === null) return 'taken';
    const { backchannelLogoutUri } = client;
    if (backchannelLogoutUri === undefined) return (await queue.finish(logout)) ? 'obsolete' : 'taken';
    const answer = await send(logout, backchannelLogoutUri);
    if (isDelivered(answer)) return (await queue.finish(logout)) ? 'delivered' : 'taken';
    if (isClosing()) return 'taken';
    return retryLater(logout, answer.kind === 'failed' ? answer.reason : `status-${answer.status}`);
  };

  /** One client after the other's turn: those of one that does not answer hold up none but their own. */
  const serve = async (clientId: string, logouts: readonly WaitingLogout[]): Promise<number> => {
    let count = 0;
    const client = await findClient(clientId);
    for (let index = 0; index < logouts.length; index += maxAtOneClient) {
      if (isClosing()) return count;
      const together = logouts.slice(index, index + maxAtOneClient);
      const outcomes = await Promise.all(
        together.map(async (logout) => (client === null ? toObsolete(queue, logout) : deliver(logout, client))),
      );
      for (const outcome of outcomes.filter((one) => one !== 'taken')) {
        counted.of(outcome).add();
        count += 1;
      }
      if (!outcomes.includes('failed') || outcomes.includes('delivered')) continue;
      const at = now();
      logger.warn('an OAuth client takes no logout token', { event: 'backchannel-logout-failed', clientId });
      await queue.postponeOthers(clientId, at, new Date(at.getTime() + othersWaitMilliseconds));
      return count;
    }
    return count;
  };

  const noteFailure = (error: unknown): 0 => {
    const word = error instanceof SallyportError ? error.code : 'unknown';
    logger.warn('logouts of OAuth clients wait', { event: 'backchannel-logouts-wait', error: word });
    return 0;
  };

  return {
    async run() {
      try {
        const due = await queue.findDue(batchSize, now());
        const byClient = [...Map.groupBy(due, ({ clientId }) => clientId)];
        let count = 0;
        for (let index = 0; index < byClient.length; index += maxClients) {
          const together = byClient.slice(index, index + maxClients);
          const counts = await Promise.all(
            together.map(([id, logouts]) => serve(id, logouts.slice(0, maxOfClientInTurn)).catch(noteFailure)),
          );
          count += counts.reduce((sum, each) => sum + each, 0);
        }
        return count;
      } catch (error) {
        return noteFailure(error);
      }
    },
  };
}

async function toObsolete(queue: LogoutQueue, logout: WaitingLogout): Promise<Outcome> {
  return (await queue.finish(logout)) ? 'obsolete' : 'taken';
}

/** 200, or 204 where the framework of a client makes it of an empty answer (section 2.8). */
function isDelivered(answer: PostOutcome): boolean {
  return answer.kind === 'answered' && (answer.status === 200 || answer.status === 204);
}
