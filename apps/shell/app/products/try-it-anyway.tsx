'use client';

import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { authFetch, ProblemError } from '@sallyport/nextjs/client';
import { AttemptAnswer, type Answer } from './attempt-answer.tsx';
import type { Attempt } from './attempts.ts';

interface TryItAnywayProps {
  readonly attempts: readonly Attempt[];
}

/** Sends what the page would not offer, and shows how the service refuses it. Hiding a button protects nothing. */
export function TryItAnyway({ attempts }: TryItAnywayProps) {
  const [pending, setPending] = useState<string>();
  const [answer, setAnswer] = useState<Answer>();

  async function send(attempt: Attempt): Promise<void> {
    setPending(attempt.label);
    setAnswer(undefined);
    setAnswer({ attempt, ...(await outcomeOf(attempt)) });
    setPending(undefined);
  }

  return (
    <Card labelledBy="anyway" className="space-y-4 p-5">
      <div className="space-y-1.5">
        <h2 id="anyway" className="font-semibold">
          Try it anyway
        </h2>
        <p className="text-[0.9375rem] text-ink-soft">
          {attempts.length === 0
            ? 'Your role may do all of this. Sign in with another demo account to be refused.'
            : 'The page hides what you may not do, but that protects nothing. Send the request and see who stops it.'}
        </p>
      </div>
      {attempts.length === 0 ? null : (
        <div className="flex flex-col gap-2">
          {attempts.map((attempt) => (
            <Button
              key={attempt.label}
              size="small"
              className="justify-start! whitespace-normal! text-left"
              isPending={pending === attempt.label}
              onClick={() => void send(attempt)}
            >
              {attempt.label}
            </Button>
          ))}
        </div>
      )}
      <div aria-live="polite">{answer === undefined ? null : <AttemptAnswer answer={answer} />}</div>
    </Card>
  );
}

async function outcomeOf({ method, path, json }: Attempt): Promise<Omit<Answer, 'attempt'>> {
  try {
    const { status } = await authFetch(path, { method, ...(json === undefined ? {} : { json }) });
    return { status };
  } catch (error) {
    if (!(error instanceof ProblemError)) return {};
    const { status, code, title, requestId } = error;
    return {
      status,
      title,
      ...(code === undefined ? {} : { code }),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
}
