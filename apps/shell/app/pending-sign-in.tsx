'use client';

import { buttonClass } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { signInUrl, type PendingAnswer, type PendingSignInAnswer } from '@sallyport/nextjs/client';
import type { ReactNode } from 'react';
import { useAnswer } from './use-answer.ts';

export interface PendingSignInProps {
  readonly returnTo: string | undefined;
  readonly children: (pending: PendingSignInAnswer) => ReactNode;
}

/** Finds the sign-in that waits in this browser. Without one it leads back to the first step. */
export function PendingSignIn({ returnTo, children }: PendingSignInProps) {
  const answer = useAnswer<PendingAnswer>('/auth/second-factor/pending');
  if (answer.kind === 'waiting') {
    return (
      <p role="status" className="min-h-56 text-ink-soft">
        One moment…
      </p>
    );
  }
  if (answer.kind === 'failed') return <ProblemNotice problem={answer.problem} />;
  if (answer.value.status === 'none') return <BeginAgain returnTo={returnTo} />;
  return children(answer.value);
}

/** For a sign-in that took too long, or was tried too often. */
export function BeginAgain({ returnTo }: { readonly returnTo: string | undefined }) {
  return (
    <>
      <Notice tone="refused" title="Please begin again" takesFocus>
        <p>
          There is no sign-in under way here: it took more than ten minutes, there were too many wrong codes, or it is
          done.
        </p>
      </Notice>
      <a href={signInUrl(returnTo)} className={buttonClass({ tone: 'primary', size: 'large' })}>
        Sign in
      </a>
    </>
  );
}
