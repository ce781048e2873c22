'use client';

import { useEffect, useRef, useState, type RefObject, type SubmitEvent } from 'react';
import { toSubmissionProblem, type SubmissionProblem } from './submission-problem.tsx';

/** A form while it is filled in, sent and refused. */
export interface Submission {
  readonly form: RefObject<HTMLFormElement | null>;
  readonly isPending: boolean;
  readonly problem: SubmissionProblem | undefined;
  /** Why this field was refused, if it was. */
  readonly errorOf: (field: string) => string | undefined;
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
}

/**
 * Runs a form: one submission at a time, refusals beside their fields, and the focus on the first of them.
 *
 * @param send does the work and rejects when it was refused. It may leave the page; the form then stays pending.
 */
export function useSubmission(send: (values: FormData) => Promise<void>): Submission {
  const form = useRef<HTMLFormElement>(null);
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();

  useEffect(() => {
    if (problem !== undefined) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem]);

  async function submit(values: FormData): Promise<void> {
    setPending(true);
    setProblem(undefined);
    try {
      await send(values);
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setPending(false);
    }
  }

  return {
    form,
    isPending,
    problem,
    errorOf: (field) => problem?.fields[field],
    onSubmit: (event) => {
      event.preventDefault();
      if (!isPending) void submit(new FormData(event.currentTarget));
    },
  };
}
