'use client';

import Link from 'next/link';
import { Button } from '@sallyport/ui/button';
import { PasswordField } from '@sallyport/ui/password-field';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import { announceSignIn, authFetch, type SignInAnswer } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { nextStep } from '../next-step.ts';
import { SendVerificationAgain } from './send-verification-again.tsx';

/** Signs in, then loads the next page whole: it may belong to another application. */
export function SignInForm({ returnTo }: { readonly returnTo: string | undefined }) {
  const [email, setEmail] = useState('');
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const json = {
      email: values.get('email'),
      password: values.get('password'),
      ...(returnTo === undefined ? {} : { returnTo }),
    };
    const response = await authFetch('/auth/sign-in/email', { method: 'POST', json });
    const answer = (await response.json()) as SignInAnswer;
    if (answer.status === 'signed-in') announceSignIn();
    location.assign(nextStep(answer));
  });

  return (
    <>
      {problem === undefined ? null : (
        <ProblemNotice problem={problem}>
          {problem.code === 'SP_EMAIL_UNVERIFIED' ? <SendVerificationAgain email={email} /> : null}
        </ProblemNotice>
      )}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <TextField
          name="email"
          type="email"
          label="Email address"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={errorOf('email')}
        />
        <PasswordField
          name="password"
          label="Password"
          autoComplete="current-password"
          required
          error={errorOf('password')}
          aside={
            <Link href="/forgot-password" className="text-link text-sm">
              Forgot it?
            </Link>
          }
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <p className="text-ink-soft">
        New here?{' '}
        <Link href="/sign-up" className="text-link">
          Create an account
        </Link>
      </p>
    </>
  );
}
