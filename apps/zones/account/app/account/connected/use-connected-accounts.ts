'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import {
  authFetch,
  continueWithProvider,
  isFeatureOffered,
  ProblemError,
  type ConnectedProvider,
  type ConnectedProvidersAnswer,
  type OfferedProvider,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';
import { goToStepUp } from '../security/use-security.ts';
import { takeRefusal } from './refused-connection.ts';

export interface ConnectedAccountsActions {
  /** Absent until the first answer. */
  readonly state: ConnectedProvidersAnswer | undefined;
  /** There are no identity providers here. */
  readonly isOff: boolean;
  readonly problem: SubmissionProblem | undefined;
  readonly isPending: boolean;
  readonly reload: () => Promise<void>;
  /** Leaves for the provider, which leads back here; where a fresh sign-in is asked for first, it leads there and back. */
  readonly connect: (provider: OfferedProvider) => Promise<void>;
  /** Resolves to whether it worked. */
  readonly disconnect: (account: ConnectedProvider) => Promise<boolean>;
}

/** Loads the accounts elsewhere that sign in to this one, and changes them. */
export function useConnectedAccounts(): ConnectedAccountsActions {
  const [state, setState] = useState<ConnectedProvidersAnswer>();
  const [isOff, setOff] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [refusal, setRefusal] = useState<SubmissionProblem>();
  const [isPending, setPending] = useState(false);

  const reload = useCallback(async () => {
    try {
      if (!(await isFeatureOffered('signInProviders'))) return setOff(true);
      const response = await authFetch('/auth/account/providers');
      setState((await response.json()) as ConnectedProvidersAnswer); // The gateway checks it against this type.
      setProblem(undefined);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_NOT_FOUND') setOff(true);
      else setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => {
    const refused = takeRefusal();
    if (refused !== undefined) setRefusal(refused);
    void reload();
  }, [reload]);

  async function run(call: () => Promise<unknown>): Promise<boolean> {
    setPending(true);
    setProblem(undefined);
    setRefusal(undefined);
    try {
      await call();
      return true;
    } catch (error) {
      if (!goToStepUp(error)) setProblem(toSubmissionProblem(error));
      setPending(false);
      return false;
    }
  }

  return {
    state,
    isOff,
    problem: problem ?? refusal,
    isPending,
    reload,
    // The buttons stay busy: the page is about to go.
    connect: async ({ id }) => {
      await run(() => continueWithProvider(id, { purpose: 'connect', returnTo: location.pathname }));
    },
    disconnect: async ({ id }) => {
      const isDone = await run(() =>
        authFetch(`/auth/account/providers/${encodeURIComponent(id)}`, { method: 'DELETE' }),
      );
      if (isDone) await reload();
      setPending(false);
      return isDone;
    },
  };
}
