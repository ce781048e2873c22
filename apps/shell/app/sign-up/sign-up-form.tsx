'use client';

import Link from 'next/link';
import { Button } from '@sallyport/ui/button';
import { PasswordField } from '@sallyport/ui/password-field';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch } from '@sallyport/nextjs/client';
import { AuthScreen } from '../auth-screen.tsx';
import { minimumPasswordLength } from '../password-rules.ts';

/** Asks for what an account needs and nothing more. */
export function SignUpForm({ onSent }: { readonly onSent: (email: string) => void }) {
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const email = String(values.get('email'));
    const json = { name: values.get('name'), email, password: values.get('password') };
    await authFetch('/auth/sign-up/email', { method: 'POST', json });
    onSent(email);
  });

  return (
    <AuthScreen title="Create an account" lead="You confirm your address by mail, then you are in.">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <TextField name="name" label="Name" autoComplete="name" required error={errorOf('name')} />
        <TextField
          name="email"
          type="email"
          label="Email address"
          autoComplete="username"
          required
          error={errorOf('email')}
        />
        <PasswordField
          name="password"
          label="Password"
          autoComplete="new-password"
          required
          minimumLength={minimumPasswordLength}
          error={errorOf('password')}
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Creating the account…' : 'Create account'}
        </Button>
      </form>
      <p className="text-ink-soft">
        Have one already?{' '}
        <Link href="/sign-in" className="text-link">
          Sign in
        </Link>
      </p>
    </AuthScreen>
  );
}
