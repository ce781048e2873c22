'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import {
  authFetch,
  isFeatureOffered,
  ProblemError,
  type ConnectedApp,
  type ConnectedAppsAnswer,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';

export interface ConnectedAppsActions {
  /** Absent until the first answer. */
  readonly apps: readonly ConnectedApp[] | undefined;
  /** No app can be given access here. */
  readonly isOff: boolean;
  readonly problem: SubmissionProblem | undefined;
  readonly isPending: boolean;
  readonly reload: () => Promise<void>;
  /** Resolves to whether it worked. */
  readonly withdraw: (app: ConnectedApp) => Promise<boolean>;
}

/** Loads the apps of others that the user let in, and takes that back. */
export function useConnectedApps(): ConnectedAppsActions {
  const [apps, setApps] = useState<readonly ConnectedApp[]>();
  const [isOff, setOff] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [isPending, setPending] = useState(false);

  const reload = useCallback(async () => {
    try {
      if (!(await isFeatureOffered('oauthProvider'))) return setOff(true);
      const response = await authFetch('/auth/account/apps');
      setApps(((await response.json()) as ConnectedAppsAnswer).apps); // The gateway checks it against this type.
      setProblem(undefined);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_NOT_FOUND') setOff(true);
      else setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => void reload(), [reload]);

  return {
    apps,
    isOff,
    problem,
    isPending,
    reload,
    async withdraw({ clientId }) {
      setPending(true);
      setProblem(undefined);
      try {
        await authFetch(`/auth/account/apps/${encodeURIComponent(clientId)}`, { method: 'DELETE' });
      } catch (error) {
        // It has nothing any more, which is what was asked for.
        if (!(error instanceof ProblemError) || error.code !== 'SP_NOT_FOUND') {
          setProblem(toSubmissionProblem(error));
          return false;
        }
      } finally {
        setPending(false);
      }
      await reload();
      return true;
    },
  };
}
