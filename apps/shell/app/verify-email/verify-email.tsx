'use client';

import Link from 'next/link';
import { Button, buttonClass } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';
import { useEffect, useRef, useState } from 'react';
import { useLinkToken } from '../use-link-token.ts';

type Progress =
  | { readonly kind: 'working' }
  | { readonly kind: 'verified' }
  | { readonly kind: 'refused'; readonly problem: SubmissionProblem };

/** Uses the link as soon as the page is there; a person presses a button only when that did not get through. */
export function VerifyEmail() {
  const link = useLinkToken();
  const token = link.kind === 'present' ? link.token : undefined;
  const [progress, setProgress] = useState<Progress>({ kind: 'working' });
  const used = useRef<string>(undefined);

  async function verify(value: string): Promise<void> {
    setProgress({ kind: 'working' });
    try {
      await authFetch('/auth/verify-email', { method: 'POST', json: { token: value } });
      setProgress({ kind: 'verified' });
    } catch (error) {
      setProgress({ kind: 'refused', problem: toSubmissionProblem(error) });
    }
  }

  useEffect(() => {
    if (token === undefined || used.current === token) return;
    used.current = token;
    void verify(token);
  }, [token]);

  if (link.kind === 'absent') {
    return (
      <>
        <Notice tone="refused" title="The link is not complete">
          <p>Open it from the mail again, or copy all of it. If you have done so already, just sign in.</p>
        </Notice>
        <Link href="/sign-in" className={buttonClass({ tone: 'primary', size: 'large' })}>
          Go to sign in
        </Link>
      </>
    );
  }
  if (progress.kind === 'verified') {
    return (
      <>
        <Notice tone="done" title="Your address is verified" takesFocus>
          <p>You can sign in now.</p>
        </Notice>
        <Link href="/sign-in" className={buttonClass({ tone: 'primary', size: 'large' })}>
          Sign in
        </Link>
      </>
    );
  }
  if (progress.kind === 'refused') {
    const isSpent = progress.problem.code === 'SP_LINK_INVALID';
    return (
      <>
        <ProblemNotice problem={progress.problem}>
          {isSpent ? <p>If you used it before, your address is verified: just sign in.</p> : null}
        </ProblemNotice>
        <div className="flex flex-wrap gap-3">
          {isSpent || token === undefined ? null : <Button onClick={() => void verify(token)}>Try again</Button>}
          <Link href="/sign-in" className={buttonClass({ tone: isSpent ? 'primary' : 'secondary' })}>
            Go to sign in
          </Link>
        </div>
      </>
    );
  }
  return (
    <>
      <p role="status" className="text-lg text-ink-soft">
        Verifying your address…
      </p>
      {token === undefined ? null : <Button onClick={() => void verify(token)}>Verify now</Button>}
      <noscript>
        <p>This page needs JavaScript to use the link in a way that others cannot.</p>
      </noscript>
    </>
  );
}
