'use client';

import { Button } from '@sallyport/ui/button';
import { FactorSetUp } from '@sallyport/ui/factor-set-up';
import { factorWords } from '@sallyport/ui/factor-words';
import { RecoveryCodes } from '@sallyport/ui/recovery-codes';
import {
  announceSignIn,
  ProblemError,
  type ConfirmFactorAnswer,
  type FactorMethod,
  type PendingSignInAnswer,
} from '@sallyport/nextjs/client';
import { useState } from 'react';
import { BeginAgain, PendingSignIn } from '../../pending-sign-in.tsx';

const overCodes: ReadonlySet<unknown> = new Set(['SP_SIGN_IN_EXPIRED', 'SP_UNAUTHENTICATED']);

/** The last step of a sign-in for a user whose role demands a second factor and who has none. */
export function SetUp({ returnTo }: { readonly returnTo: string | undefined }) {
  const [answer, setAnswer] = useState<ConfirmFactorAnswer>();
  const [isOver, setOver] = useState(false);

  function finish(done: ConfirmFactorAnswer): void {
    announceSignIn();
    if (done.recoveryCodes === undefined) location.assign(done.returnTo ?? '/');
    else setAnswer(done);
  }

  function endWhenOver(error: unknown): boolean {
    const over = error instanceof ProblemError && overCodes.has(error.code);
    if (over) setOver(true);
    return over;
  }

  if (isOver) return <BeginAgain returnTo={returnTo} />;
  if (answer?.recoveryCodes !== undefined) {
    const { recoveryCodes, returnTo: next = '/' } = answer;
    return <RecoveryCodes codes={recoveryCodes} doneLabel="Continue" onDone={() => location.assign(next)} />;
  }
  return (
    <PendingSignIn returnTo={returnTo}>
      {(pending) => <Choice pending={pending} returnTo={returnTo} onDone={finish} onRefused={endWhenOver} />}
    </PendingSignIn>
  );
}

interface ChoiceProps {
  readonly pending: PendingSignInAnswer;
  readonly returnTo: string | undefined;
  readonly onDone: (answer: ConfirmFactorAnswer) => void;
  readonly onRefused: (error: unknown) => boolean;
}

function Choice({ pending, returnTo, onDone, onRefused }: ChoiceProps) {
  const methods = pending.methods.map(({ method }) => method);
  const [method, setMethod] = useState<FactorMethod | undefined>(methods.length === 1 ? methods[0] : undefined);
  if (pending.purpose === 'verify') return <BeginAgain returnTo={returnTo} />;
  if (method === undefined) {
    return (
      <ul className="space-y-3">
        {methods.map((choice) => (
          <li key={choice}>
            <MethodButton method={choice} onChoose={() => setMethod(choice)} />
          </li>
        ))}
      </ul>
    );
  }
  const onCancel = methods.length === 1 ? undefined : () => setMethod(undefined);
  return <FactorSetUp method={method} returnTo={returnTo} onDone={onDone} onRefused={onRefused} onCancel={onCancel} />;
}

function MethodButton({ method, onChoose }: { readonly method: FactorMethod; readonly onChoose: () => void }) {
  const { icon: Icon, name, about } = factorWords[method];
  return (
    <Button
      onClick={onChoose}
      className="w-full items-start! justify-start! py-4 text-left whitespace-normal!"
      size="large"
    >
      <Icon aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-outer" />
      <span>
        {name}
        <span className="block text-sm font-normal text-ink-soft">{about}</span>
      </span>
    </Button>
  );
}
