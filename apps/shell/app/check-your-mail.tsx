'use client';

import Link from 'next/link';
import { useEffect, useRef, type ReactNode } from 'react';
import { AuthScreen } from './auth-screen.tsx';
import { MailboxLink } from './demo-note.tsx';

export interface CheckYourMailProps {
  readonly email: string;
  readonly mailboxUrl: string | undefined;
  readonly children: ReactNode;
}

/** After a form that sends mail. The same words whether or not the address is known. */
export function CheckYourMail({ email, mailboxUrl, children }: CheckYourMailProps) {
  const text = useRef<HTMLDivElement>(null);

  useEffect(() => {
    scrollTo({ top: 0 });
    text.current?.focus();
  }, []);

  return (
    <AuthScreen title="Check your mail">
      <div ref={text} tabIndex={-1} className="space-y-4 text-lg">
        <p>
          We sent a message to <strong className="font-semibold break-all">{email}</strong>.
        </p>
        <p className="text-ink-soft">{children}</p>
        {mailboxUrl === undefined ? null : (
          <p className="text-ink-soft">
            In this demo it waits in <MailboxLink url={mailboxUrl} />.
          </p>
        )}
      </div>
      <p>
        <Link href="/sign-in" className="text-link">
          Back to sign in
        </Link>
      </p>
    </AuthScreen>
  );
}
