'use client';

import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { signOut } from '@sallyport/nextjs/client';

/** Ends every session of the person, this one too. */
export function SignOutEverywhere() {
  const [isAsking, setAsking] = useState(false);
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();

  async function leave(): Promise<void> {
    setPending(true);
    setProblem(undefined);
    try {
      await signOut({ everywhere: true });
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setPending(false);
    }
  }

  return (
    <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-3 rounded-card border border-line p-5">
      <div className="min-w-0 flex-1 basis-64">
        <h3 className="font-semibold">Sign out everywhere</h3>
        <p className="text-[0.9375rem] text-ink-soft">Signs you out on every device, including this one, right away.</p>
      </div>
      <Button onClick={() => setAsking(true)}>Sign out everywhere</Button>
      <ConfirmDialog
        isOpen={isAsking}
        title="Sign out everywhere?"
        confirmLabel="Sign out everywhere"
        isPending={isPending}
        onConfirm={() => void leave()}
        onClose={() => setAsking(false)}
      >
        <p>You will have to sign in again, on this device too.</p>
        {problem === undefined ? null : (
          <div className="mt-4">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </ConfirmDialog>
    </div>
  );
}
