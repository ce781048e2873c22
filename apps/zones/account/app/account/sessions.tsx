'use client';

import { useState } from 'react';
import { builtInPages } from '@sallyport/core/browser';
import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { SessionRow } from './session-row.tsx';
import { SignOutEverywhere } from './sign-out-everywhere.tsx';
import { useSessions } from './use-sessions.ts';
import { ProblemAndNews } from './problem-and-news.tsx';

/** The devices on which the user is signed in, each with a button that signs it out. */
export function Sessions() {
  const { sessions, isOff, ending, problem, news, reload, end, endOthers } = useSessions();
  const [isAsking, setAsking] = useState(false);
  const others = sessions?.filter(({ current }) => !current).length ?? 0;

  if (isOff) return null;

  async function confirmOthers(): Promise<void> {
    await endOthers();
    setAsking(false);
  }

  return (
    <section aria-labelledby="sessions" className="space-y-5">
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div className="space-y-1">
          <h2 id="sessions" className="text-xl font-semibold tracking-[-0.02em]">
            Your devices
          </h2>
          <p className="text-ink-soft">
            If you don’t recognise a device, sign it out and{' '}
            <a href={builtInPages.forgotPassword} className="text-link">
              choose a new password
            </a>
            .
          </p>
        </div>
        {others === 0 ? null : <Button onClick={() => setAsking(true)}>Sign out other devices</Button>}
      </div>

      <ProblemAndNews
        problem={problem}
        news={news}
        onRetry={sessions === undefined ? () => void reload() : undefined}
      />

      {sessions === undefined ? (
        <SessionsPlaceholder isWaiting={problem === undefined} />
      ) : (
        <Card>
          <ul className="divide-y divide-line">
            {sessions.map((session) => (
              <SessionRow
                key={session.sid}
                session={session}
                isEnding={ending.has(session.sid)}
                onEnd={() => void end(session)}
              />
            ))}
          </ul>
        </Card>
      )}

      <SignOutEverywhere />

      <ConfirmDialog
        isOpen={isAsking}
        title={others === 1 ? 'Sign out the other device?' : `Sign out ${others} other devices?`}
        confirmLabel="Sign out"
        isPending={ending.size > 0}
        onConfirm={() => void confirmOthers()}
        onClose={() => setAsking(false)}
      >
        <p>This device stays signed in. On the others you will have to sign in again.</p>
      </ConfirmDialog>
    </section>
  );
}

function SessionsPlaceholder({ isWaiting }: { readonly isWaiting: boolean }) {
  if (!isWaiting) return null;
  return (
    <Card className="grid h-40 place-items-center text-ink-soft">
      <p role="status">Loading your devices…</p>
    </Card>
  );
}
