'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import {
  authFetch,
  isFeatureOffered,
  ProblemError,
  type ApiKeysAnswer,
  type MadeApiKeyAnswer,
  type ShownApiKey,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';
import { goToStepUp } from '../security/use-security.ts';

/** A key to make. */
export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly days: number;
}

export interface ApiKeysActions {
  /** Absent until the first answer. */
  readonly state: ApiKeysAnswer | undefined;
  /** There are no API keys here. */
  readonly isOff: boolean;
  readonly problem: SubmissionProblem | undefined;
  readonly isPending: boolean;
  readonly reload: () => Promise<void>;
  /** Rejects with what was refused; where a fresh sign-in is asked for, it leads there and back. */
  readonly create: (request: KeyRequest) => Promise<MadeApiKeyAnswer | undefined>;
  readonly rotate: (key: ShownApiKey) => Promise<MadeApiKeyAnswer | undefined>;
  /** Resolves to whether it worked. */
  readonly revoke: (key: ShownApiKey) => Promise<boolean>;
}

/** Loads the keys of the person, and changes them. */
export function useApiKeys(): ApiKeysActions {
  const [state, setState] = useState<ApiKeysAnswer>();
  const [isOff, setOff] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [isPending, setPending] = useState(false);

  const reload = useCallback(async () => {
    try {
      if (!(await isFeatureOffered('apiKeys'))) return setOff(true);
      const response = await authFetch('/auth/api-keys');
      setState((await response.json()) as ApiKeysAnswer);
      setProblem(undefined);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_NOT_FOUND') setOff(true);
      else setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => void reload(), [reload]);

  async function post(path: string, json: object): Promise<MadeApiKeyAnswer | undefined> {
    try {
      const response = await authFetch(path, { method: 'POST', json });
      const made = (await response.json()) as MadeApiKeyAnswer;
      await reload();
      return made;
    } catch (error) {
      if (goToStepUp(error)) return undefined;
      throw error;
    }
  }

  async function run<T>(call: () => Promise<T>): Promise<T | undefined> {
    setPending(true);
    setProblem(undefined);
    try {
      return await call();
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      return undefined;
    } finally {
      setPending(false);
    }
  }

  return {
    state,
    isOff,
    problem,
    isPending,
    reload,
    create: (request) => post('/auth/api-keys', request),
    rotate: ({ id }) => run(() => post(`/auth/api-keys/${encodeURIComponent(id)}/rotate`, {})),
    revoke: async ({ id }) =>
      (await run(async () => {
        const response = await authFetch(`/auth/api-keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
        await reload();
        return response;
      })) !== undefined,
  };
}
