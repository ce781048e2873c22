'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import {
  authFetch,
  ProblemError,
  type EndedSessionsAnswer,
  type SessionsAnswer,
  type ShownSession,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';

/** The list of sessions, and the ways to end them. */
export interface Sessions {
  /** Absent until the first answer. */
  readonly sessions: readonly ShownSession[] | undefined;
  /** They are looked after elsewhere: behind a shell with sessions of its own, whose token is no authority for them. */
  readonly isOff: boolean;
  /** Handles of the sessions that are being ended; they stay on the page until the gateway says they are gone. */
  readonly ending: ReadonlySet<string>;
  readonly problem: SubmissionProblem | undefined;
  readonly news: string;
  readonly reload: () => Promise<void>;
  readonly end: (session: ShownSession) => Promise<void>;
  readonly endOthers: () => Promise<void>;
}

const none: ReadonlySet<string> = new Set();

/** Loads the sessions. Ended ones fade at once and leave when the gateway has confirmed it; a refusal brings them back. */
export function useSessions(): Sessions {
  const [sessions, setSessions] = useState<readonly ShownSession[]>();
  const [isOff, setOff] = useState(false);
  const [ending, setEnding] = useState(none);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [news, setNews] = useState('');

  const reload = useCallback(async () => {
    try {
      setSessions(await readSessions());
      setProblem(undefined);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_NOT_FOUND') setOff(true);
      else setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => void reload(), [reload]);

  async function run(sids: readonly string[], call: () => Promise<string>): Promise<void> {
    setEnding(new Set(sids));
    setProblem(undefined);
    setNews('');
    try {
      const sentence = await call();
      setSessions((list) => list?.filter(({ sid }) => !sids.includes(sid)));
      setNews(sentence);
      setSessions(await readSessions());
    } catch (error) {
      setProblem(toSubmissionProblem(error));
    } finally {
      setEnding(none);
    }
  }

  return {
    sessions,
    isOff,
    ending,
    problem,
    news,
    reload,
    end: ({ sid }) =>
      run([sid], async () => {
        await authFetch(`/auth/sessions/${encodeURIComponent(sid)}`, { method: 'DELETE' });
        return 'That device is signed out.';
      }),
    endOthers: () =>
      run(
        (sessions ?? []).filter(({ current }) => !current).map(({ sid }) => sid),
        async () => {
          const response = await authFetch('/auth/sessions/revoke-others', { method: 'POST', json: {} });
          const { ended } = (await response.json()) as EndedSessionsAnswer;
          return ended === 1 ? 'The other device is signed out.' : `${ended} other devices are signed out.`;
        },
      ),
  };
}

async function readSessions(): Promise<readonly ShownSession[]> {
  const response = await authFetch('/auth/sessions');
  const { sessions } = (await response.json()) as SessionsAnswer;
  return sessions;
}
