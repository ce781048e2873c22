'use client';

import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';
import { useEffect, useState } from 'react';

/** What a path answers: not yet known, known, or not to be had. */
export type Answer<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'there'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: SubmissionProblem };

/** Asks a path below `/auth` once, when the page is shown. */
export function useAnswer<T>(path: string): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ kind: 'waiting' });

  useEffect(() => {
    const controller = new AbortController();
    const ask = async (): Promise<Answer<T>> => {
      try {
        const response = await authFetch(path, { signal: controller.signal });
        return { kind: 'there', value: (await response.json()) as T };
      } catch (error) {
        return { kind: 'failed', problem: toSubmissionProblem(error) };
      }
    };
    void ask().then((found) => {
      if (!controller.signal.aborted) setAnswer(found);
    });
    return () => controller.abort();
  }, [path]);

  return answer;
}
