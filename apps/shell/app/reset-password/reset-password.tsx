'use client';

import Link from 'next/link';
import { Button, buttonClass } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import { PasswordField } from '@sallyport/ui/password-field';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch } from '@sallyport/nextjs/client';
import { useState } from 'react';
import { minimumPasswordLength } from '../password-rules.ts';
import { useLinkToken } from '../use-link-token.ts';

/** Takes a new password and the token of the mailed link. */
export function ResetPassword() {
  const link = useLinkToken();
  const [isChanged, setChanged] = useState(false);
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    if (link.kind !== 'present') return;
    const json = { token: link.token, newPassword: values.get('newPassword') };
    await authFetch('/auth/reset-password', { method: 'POST', json });
    setChanged(true);
  });

  if (isChanged) {
    return (
      <>
        <Notice tone="done" title="Your password is changed" takesFocus>
          <p>You are signed out on every device. Sign in with the new password.</p>
        </Notice>
        <a href="/sign-in" className={buttonClass({ tone: 'primary', size: 'large' })}>
          Sign in
        </a>
      </>
    );
  }
  if (link.kind === 'absent' || problem?.code === 'SP_LINK_INVALID') {
    return (
      <>
        <Notice tone="refused" title="The link is incomplete, used or expired" takesFocus={link.kind !== 'absent'}>
          <p>Each link works once and for a limited time. Ask for a new one.</p>
        </Notice>
        <Link href="/forgot-password" className={buttonClass({ tone: 'primary', size: 'large' })}>
          Ask for a new link
        </Link>
      </>
    );
  }
  return (
    <>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <PasswordField
          name="newPassword"
          label="New password"
          autoComplete="new-password"
          required
          minimumLength={minimumPasswordLength}
          error={errorOf('newPassword')}
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Changing…' : 'Change the password'}
        </Button>
      </form>
    </>
  );
}
