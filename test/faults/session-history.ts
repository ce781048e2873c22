import { setTimeout as wait } from 'node:timers/promises';
import { signOutOf, statusOfSession, type AskGateway } from '../../tools/launch/gateway-client.ts';
import type { History } from './history.ts';
import { createTally } from './tally.ts';

interface Account {
  readonly email: string;
  readonly password: string;
}

/** What the clients of a history expect of a session. "unsure" is a sign-out without an answer. */
type Expected = 'live' | 'unsure' | 'ended';

interface Known {
  readonly cookie: string;
  expected: Expected;
}

const maximumTries = 100;

/** Every one of them is asked for in every check; of more, the oldest are given up. */
const maximumSessions = 400;

/** Far above what a push takes, and far below the age at which a gateway reads a session again by itself. */
const revocationBoundMilliseconds = 2000;

/** Starts one person per account who signs in all the time: every second session is signed out again. */
export function startSessionHistory(ask: AskGateway, accounts: readonly Account[]): History {
  const sessions: Known[] = [];
  const tally = createTally();
  let isStopped = false;

  const live = async (account: Account): Promise<void> => {
    for (let turn = 0; !isStopped; turn++) {
      // Every session is asked for in every check: more of them would only take longer.
      await wait(100);
      const { status, cookie } = await ask('/auth/sign-in/email', { method: 'POST', json: account });
      if (status !== 200 || cookie === undefined) {
        tally.unanswered++;
        await wait(50);
        continue;
      }
      const session: Known = { cookie, expected: 'live' };
      sessions.push(session);
      tally.acknowledged++;
      if (turn % 2 === 0) continue;
      session.expected = 'unsure';
      if ((await signOutOf(ask, cookie)) === 204) {
        session.expected = 'ended';
        tally.acknowledged++;
      } else tally.unanswered++;
    }
  };
  const running = accounts.map(({ email, password }) => live({ email, password }));

  return {
    get acknowledged() {
      return tally.acknowledged;
    },
    get unanswered() {
      return tally.unanswered;
    },
    progress: (operations) => tally.progress(operations),
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
    async contradictions() {
      const found: string[] = [];
      sessions.splice(0, sessions.length - maximumSessions);
      for (const [index, session] of sessions.entries()) {
        // What was expected before it was asked: an answer to a sign-out may arrive meanwhile.
        const { expected } = session;
        const status = await settledStatus(ask, session.cookie, expected);
        if (expected === 'live' && status !== 200) found.push(`session ${index} was live and got ${status}`);
        if (expected === 'ended' && status !== 401) found.push(`session ${index} was ended and got ${status}`);
        // A sign-out that got no answer may still take effect. Once it has, that is for good.
        if (session.expected === 'unsure' && status === 401) session.expected = 'ended';
      }
      return found;
    },
  };
}

/**
 * The first answer that says yes or no. The other gateway hears of a sign-out a moment after it was acknowledged: a
 * session that was ended may be asked for once more, and no later.
 */
async function settledStatus(ask: AskGateway, cookie: string, expected: Expected): Promise<number> {
  let isLate = false;
  for (let tries = 0; tries < maximumTries; tries++) {
    const status = await statusOfSession(ask, cookie);
    if (status === 401 || (status === 200 && (expected !== 'ended' || isLate))) return status;
    isLate = status === 200;
    await wait(isLate ? revocationBoundMilliseconds : 100);
  }
  return 0;
}
