'use client';

import {
  authFetch,
  isFeatureOffered,
  ProblemError,
  switchOrganization,
  useOrganization,
  type OrganizationsAnswer,
} from '@sallyport/nextjs/client';
import { useCallback, useEffect, useState } from 'react';
import { toSubmissionProblem, type SubmissionProblem } from './submission-problem.tsx';

/** The organizations of the person, and what can be done with them. */
export interface OrganizationsActions {
  /** Absent until the first answer. */
  readonly state: OrganizationsAnswer | undefined;
  /** There are no organizations here. */
  readonly isOff: boolean;
  readonly problem: SubmissionProblem | undefined;
  readonly isPending: boolean;
  readonly reload: () => Promise<void>;
  /** Makes another one active, or none, in every tab. Resolves to whether it worked. */
  readonly switchTo: (id: string | null) => Promise<boolean>;
}

/**
 * Loads the organizations of the person, anew after each switch, and switches between them.
 *
 * @param isWanted whether they are shown at all. @default true
 */
export function useOrganizations(isWanted = true): OrganizationsActions {
  const activeId = useOrganization()?.id;
  const [state, setState] = useState<OrganizationsAnswer>();
  const [isOff, setOff] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const [isPending, setPending] = useState(false);

  const reload = useCallback(async () => {
    try {
      if (!(await isFeatureOffered('organizations'))) return setOff(true);
      const response = await authFetch('/auth/organizations');
      setState((await response.json()) as OrganizationsAnswer); // The gateway checks it against this type.
      setProblem(undefined);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_NOT_FOUND') setOff(true);
      else setProblem(toSubmissionProblem(error));
    }
  }, []);

  useEffect(() => {
    if (isWanted) void reload();
  }, [reload, isWanted, activeId]);

  return {
    state,
    isOff,
    problem,
    isPending,
    reload,
    async switchTo(id) {
      setPending(true);
      setProblem(undefined);
      try {
        await switchOrganization(id);
        return true;
      } catch (error) {
        setProblem(toSubmissionProblem(error));
        return false;
      } finally {
        setPending(false);
      }
    },
  };
}
