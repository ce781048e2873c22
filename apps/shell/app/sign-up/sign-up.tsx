'use client';

import { useState } from 'react';
import { CheckYourMail } from '../check-your-mail.tsx';
import { SignUpForm } from './sign-up-form.tsx';

/** The form, and then what happens next. */
export function SignUp({ mailboxUrl }: { readonly mailboxUrl: string | undefined }) {
  const [email, setEmail] = useState<string>();
  if (email === undefined) return <SignUpForm onSent={setEmail} />;
  return (
    <CheckYourMail email={email} mailboxUrl={mailboxUrl}>
      Open the link in it to finish. It works once, within a day. If the address already has an account, the mail says
      so.
    </CheckYourMail>
  );
}
