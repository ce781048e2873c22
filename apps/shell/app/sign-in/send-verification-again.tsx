'use client';

import { Button } from '@sallyport/ui/button';
import { authFetch } from '@sallyport/nextjs/client';
import { useState } from 'react';

/** Asks for another verification mail. */
export function SendVerificationAgain({ email }: { readonly email: string }) {
  const [state, setState] = useState<'idle' | 'pending' | 'sent' | 'failed'>('idle');

  async function send(): Promise<void> {
    setState('pending');
    try {
      await authFetch('/auth/send-verification-email', { method: 'POST', json: { email } });
      setState('sent');
    } catch {
      setState('failed');
    }
  }

  return (
    <div className="space-y-2">
      {state === 'sent' ? null : (
        <Button size="small" isPending={state === 'pending'} onClick={() => void send()}>
          Send the mail again
        </Button>
      )}
      <p role="status">{words[state]}</p>
    </div>
  );
}

const words = {
  idle: '',
  pending: '',
  sent: 'A new mail is on its way. Only the newest link works.',
  failed: 'That did not work. Wait a moment, then try again.',
};
