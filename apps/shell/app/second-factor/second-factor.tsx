'use client';

import { Button } from '@sallyport/ui/button';
import {
  announceSignIn,
  authFetch,
  ProblemError,
  signInUrl,
  type CodeMethod,
  type PendingSignInAnswer,
  type SignedInAnswer,
} from '@sallyport/nextjs/client';
import { useState } from 'react';
import { CodeForm } from '../code-form.tsx';
import { withReturnTo } from '../next-step.ts';
import { BeginAgain, PendingSignIn } from '../pending-sign-in.tsx';

interface SecondFactorProps {
  readonly returnTo: string | undefined;
  readonly mailboxUrl: string | undefined;
}

/** The second step of a sign-in: a code, then on to the page that was asked for. */
export function SecondFactor({ returnTo, mailboxUrl }: SecondFactorProps) {
  const [isOver, setOver] = useState(false);

  async function verify(method: CodeMethod, code: string): Promise<void> {
    const json = { method, code, ...(returnTo === undefined ? {} : { returnTo }) };
    try {
      const response = await authFetch('/auth/second-factor/verify', { method: 'POST', json });
      const answer = (await response.json()) as SignedInAnswer;
      announceSignIn();
      location.assign(answer.returnTo);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'SP_SIGN_IN_EXPIRED') setOver(true);
      else throw error;
    }
  }

  if (isOver) return <BeginAgain returnTo={returnTo} />;
  return (
    <PendingSignIn returnTo={returnTo}>
      {(pending) => <Question pending={pending} returnTo={returnTo} mailboxUrl={mailboxUrl} onCode={verify} />}
    </PendingSignIn>
  );
}

interface QuestionProps extends SecondFactorProps {
  readonly pending: PendingSignInAnswer;
  readonly onCode: (method: CodeMethod, code: string) => Promise<void>;
}

function Question({ pending, returnTo, mailboxUrl, onCode }: QuestionProps) {
  if (pending.purpose === 'set-up') {
    return (
      <p>
        <a href={withReturnTo('/second-factor/set-up', returnTo)} className="text-link">
          Set up a second factor first
        </a>
      </p>
    );
  }
  return (
    <>
      <CodeForm
        factors={pending.methods}
        hasRecoveryCodes={pending.hasRecoveryCodes ?? false}
        resendSeconds={pending.resendSeconds}
        sendPath="/auth/second-factor/send"
        mailboxUrl={mailboxUrl}
        submitLabel="Sign in"
        onCode={onCode}
      />
      <GiveUp returnTo={returnTo} />
    </>
  );
}

function GiveUp({ returnTo }: { readonly returnTo: string | undefined }) {
  const [isPending, setPending] = useState(false);

  async function giveUp(): Promise<void> {
    setPending(true);
    // It ends by itself after ten minutes, should this not arrive.
    await authFetch('/auth/second-factor/cancel', { method: 'POST', json: {} }).catch(() => {});
    location.assign(signInUrl(returnTo));
  }

  return (
    <Button size="small" tone="quiet" className="-ml-3" isPending={isPending} onClick={() => void giveUp()}>
      Sign in to another account
    </Button>
  );
}
