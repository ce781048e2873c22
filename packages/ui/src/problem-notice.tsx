'use client';

import type { ReactNode } from 'react';
import { Notice } from './notice.tsx';
import type { SubmissionProblem } from './submission-problem.tsx';

export interface ProblemNoticeProps {
  readonly problem: SubmissionProblem;
  /** A way out that the page offers, such as "Send it again". */
  readonly children?: ReactNode;
}

/** A refusal: what it was, what to do, how long to wait, and the id to quote when the fault is ours. */
export function ProblemNotice({ problem, children }: ProblemNoticeProps) {
  const { title, hint, retryAfterSeconds, requestId } = problem;
  return (
    <Notice tone="refused" title={title} takesFocus>
      {retryAfterSeconds === undefined ? <p>{hint}</p> : <p>Try again in {waitingTime(retryAfterSeconds)}.</p>}
      {requestId === undefined ? null : (
        <p className="text-sm">
          Request id: <code className="font-mono">{requestId}</code>
        </p>
      )}
      {children}
    </Notice>
  );
}

function waitingTime(seconds: number): string {
  if (seconds < 90) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
