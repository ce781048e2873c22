'use client';

import { useEffect, useRef, useState, type RefObject, type SubmitEvent } from 'react';
import { toSubmissionProblem, withoutField, type SubmissionProblem } from './submission-problem.tsx';

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
  const [refusals, setRefusals] = useState(0);

  // A corrected field is not called wrong any more.
  useEffect(() => {
    const element = form.current;
    if (element === null) return undefined;
    const clear = ({ target }: Event): void => {
      const name = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target.name : '';
      setProblem((current) => (current === undefined ? undefined : withoutField(current, name)));
    };
    element.addEventListener('input', clear);
    return () => element.removeEventListener('input', clear);
  }, []);

  useEffect(() => {
    const wrong = refusals > 0 ? form.current?.querySelector<HTMLElement>('[aria-invalid="true"]') : undefined;
    wrong?.focus();
    // A wrong code is typed anew.
    if (wrong instanceof HTMLInputElement && wrong.name === 'code') wrong.select();
  }, [refusals]);

  async function submit(values: FormData): Promise<void> {
    setPending(true);
    setProblem(undefined);
    try {
      await send(values);
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setRefusals((count) => count + 1);
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
