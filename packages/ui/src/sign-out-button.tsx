'use client';

import { signOut } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { Button, type ButtonSize, type ButtonTone } from './button.tsx';

export interface SignOutButtonProps {
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
  readonly className?: string;
}

/** Ends the session of this browser, in all of its tabs. */
export function SignOutButton({ tone = 'secondary', size = 'medium', className }: SignOutButtonProps) {
  const [state, setState] = useState<'idle' | 'pending' | 'failed'>('idle');

  async function leave(): Promise<void> {
    setState('pending');
    try {
      await signOut();
    } catch {
      setState('failed');
    }
  }

  return (
    <>
      <Button
        tone={tone}
        size={size}
        {...(className === undefined ? {} : { className })}
        isPending={state === 'pending'}
        onClick={() => void leave()}
      >
        Sign out
      </Button>
      {state === 'failed' ? (
        <p role="alert" className="mt-2 text-sm text-danger">
          We couldn’t sign you out: the server did not answer. Please try again.
        </p>
      ) : null}
    </>
  );
}
