'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import {
  authFetch,
  ProblemError,
  stepUpUrl,
  type FactorMethod,
  type FactorsAnswer,
  type RecoveryCodesAnswer,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';

export interface SecurityActions {
  /** Absent until the first answer. */
  readonly state: FactorsAnswer | undefined;
  readonly problem: SubmissionProblem | undefined;
  readonly isPending: boolean;
  readonly reload: () => Promise<void>;
  /** Resolves to whether it worked. */
  readonly remove: (method: FactorMethod) => Promise<boolean>;
  readonly makeRecoveryCodes: () => Promise<readonly string[] | undefined>;
}

/** Loads the second factors, and changes them. Where a fresh sign-in is asked for, it leads there and back. */
export function useSecurity(): SecurityActions {
  const [state, setState] = useState<FactorsAnswer>();
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [isPending, setPending] = useState(false);

  const reload = useCallback(async () => {
    try {
      const response = await authFetch('/auth/second-factor');
      setState((await response.json()) as FactorsAnswer);
      setProblem(undefined);
    } catch (error) {
      setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => void reload(), [reload]);

  async function run<T>(call: () => Promise<T>): Promise<T | undefined> {
    setPending(true);
    setProblem(undefined);
    try {
      const result = await call();
      await reload();
      return result;
    } catch (error) {
      if (!goToStepUp(error)) setProblem(toSubmissionProblem(error));
      return undefined;
    } finally {
      setPending(false);
    }
  }

  return {
    state,
    problem,
    isPending,
    reload,
    remove: async (method) =>
      (await run(() => authFetch(`/auth/second-factor/${method}`, { method: 'DELETE' }))) !== undefined,
    makeRecoveryCodes: () =>
      run(async () => {
        const path = '/auth/second-factor/recovery-codes/regenerate';
        const response = await authFetch(path, { method: 'POST', json: {} });
        const { recoveryCodes } = (await response.json()) as RecoveryCodesAnswer;
        return recoveryCodes;
      }),
  };
}

/** Leads to the page on which people confirm who they are, when that is what is asked for. */
export function goToStepUp(error: unknown): boolean {
  if (!(error instanceof ProblemError) || error.code !== 'SP_STEP_UP_REQUIRED') return false;
  location.assign(stepUpUrl(error.stepUp, location.pathname));
  return true;
}
