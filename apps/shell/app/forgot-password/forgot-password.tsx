'use client';

import Link from 'next/link';
import { Button } from '@sallyport/ui/button';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { AuthScreen } from '../auth-screen.tsx';
import { CheckYourMail } from '../check-your-mail.tsx';

/** Sends the mail that leads to a new password. */
export function ForgotPassword({ mailboxUrl }: { readonly mailboxUrl: string | undefined }) {
  const [sentTo, setSentTo] = useState<string>();
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const email = String(values.get('email'));
    await authFetch('/auth/request-password-reset', { method: 'POST', json: { email } });
    setSentTo(email);
  });

  if (sentTo !== undefined) {
    return (
      <CheckYourMail email={sentTo} mailboxUrl={mailboxUrl}>
        If the address has an account, the message holds a link to a new password. It works once, within an hour.
      </CheckYourMail>
    );
  }
  return (
    <AuthScreen title="Forgot your password?" lead="We mail you a link with which you choose a new one.">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <TextField
          name="email"
          type="email"
          label="Email address"
          autoComplete="username"
          required
          error={errorOf('email')}
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Sending…' : 'Send the link'}
        </Button>
      </form>
      <p>
        <Link href="/sign-in" className="text-link">
          Back to sign in
        </Link>
      </p>
    </AuthScreen>
  );
}
