'use client';

import {
  authFetch,
  type ConfirmFactorAnswer,
  type FactorMethod,
  type StartFactorAnswer,
} from '@sallyport/nextjs/client';
import { useEffect, useRef, useState } from 'react';
import { Button } from './button.tsx';
import { CodeField } from './code-field.tsx';
import { CopyButton } from './copy-button.tsx';
import { factorWords } from './factor-words.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import { QrCode } from './qr-code.tsx';
import { TextField } from './text-field.tsx';
import { useSubmission } from './use-submission.tsx';

export interface FactorSetUpProps {
  readonly method: FactorMethod;
  /** Where to go afterwards, when this is the last step of a sign-in. */
  readonly returnTo?: string | undefined;
  /** Whether to offer to end the other sessions. @default false */
  readonly offersSignOut?: boolean;
  readonly onDone: (answer: ConfirmFactorAnswer) => void;
  readonly onCancel?: (() => void) | undefined;
  /** Takes what only another page can repair. Returns `true` when it did. */
  readonly onRefused?: (error: unknown) => boolean;
}

/** Sets up a second factor, step by step: an authenticator app shows its QR code at once, a code is sent when asked for. */
export function FactorSetUp(props: FactorSetUpProps) {
  const { method, onCancel } = props;
  const [begun, setBegun] = useState<StartFactorAnswer>();
  return (
    <div className="space-y-5">
      {begun === undefined ? (
        <BeginForm {...props} onBegun={setBegun} />
      ) : (
        <>
          {!('uri' in begun) ? (
            <p role="status">
              We sent a code to <strong className="font-semibold">{begun.destination}</strong>. It works for ten
              minutes.
            </p>
          ) : (
            <AppSecret uri={begun.uri} secret={begun.secret} />
          )}
          <ConfirmForm {...props} />
          {method === 'totp' ? null : (
            <Button size="small" tone="quiet" className="-ml-3" onClick={() => setBegun(undefined)}>
              Didn’t get it?
            </Button>
          )}
        </>
      )}
      {onCancel === undefined ? null : (
        <Button size="small" tone="quiet" className="-ml-3" onClick={onCancel}>
          Cancel
        </Button>
      )}
    </div>
  );
}

const beginWords: Readonly<Record<FactorMethod, { readonly text: string; readonly action: string }>> = {
  totp: {
    text: 'You need an authenticator app: one on your phone, your password manager, or any other that reads QR codes.',
    action: 'Show the QR code',
  },
  email: { text: 'We send a code to the email address of your account.', action: 'Send a code' },
  sms: { text: 'We send a code to your phone. Your carrier may charge for it.', action: 'Send a code' },
};

function BeginForm({
  method,
  onRefused,
  onBegun,
}: FactorSetUpProps & { readonly onBegun: (begun: StartFactorAnswer) => void }) {
  const { text, action } = beginWords[method];
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const json = method === 'sms' ? { number: values.get('number') } : {};
    try {
      const response = await authFetch(`/auth/second-factor/${method}/start`, { method: 'POST', json });
      onBegun((await response.json()) as StartFactorAnswer);
    } catch (error) {
      if (onRefused?.(error) !== true) throw error;
    }
  });
  const hasBegun = useRef(false);
  useEffect(() => {
    // "Set up" has asked for it already, and nothing has to be typed first. The button is for another try.
    if (method !== 'totp' || hasBegun.current) return;
    hasBegun.current = true;
    form.current?.requestSubmit();
  }, [method, form]);

  return (
    <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
      <p className="text-ink-soft">{text}</p>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {method === 'sms' ? (
        <TextField
          name="number"
          type="tel"
          label="Phone number"
          autoComplete="tel"
          required
          hint="With your country code, such as +49 151 23456789."
          error={errorOf('number')}
        />
      ) : null}
      <Button type="submit" tone="primary" isPending={isPending}>
        {action}
      </Button>
    </form>
  );
}

function AppSecret({ uri, secret }: { readonly uri: string; readonly secret: string }) {
  return (
    <div className="flex flex-wrap items-start gap-6">
      <QrCode text={uri} label="QR code for your authenticator app" />
      <div className="min-w-0 flex-1 basis-60 space-y-3">
        <p>Scan the code with your authenticator app.</p>
        {/* With a mouse there is no app on this device that would open. */}
        <p className="pointer-fine:hidden">
          Are you on your phone?{' '}
          <a href={uri} className="text-link">
            Open my authenticator app
          </a>
        </p>
        <p className="text-ink-soft">Can’t scan it? Enter this key in the app:</p>
        <p data-secret className="font-mono text-[0.9375rem] break-words select-all">
          {secret.replace(/(.{4})(?=.)/g, '$1 ')}
        </p>
        <CopyButton text={secret} label="Copy the key" />
      </div>
    </div>
  );
}

function ConfirmForm({ method, returnTo, offersSignOut = false, onDone, onRefused }: FactorSetUpProps) {
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const json = {
      code: values.get('code'),
      ...(values.get('signOutOthers') === null ? {} : { signOutOthers: true }),
      ...(returnTo === undefined ? {} : { returnTo }),
    };
    try {
      const response = await authFetch(`/auth/second-factor/${method}/confirm`, { method: 'POST', json });
      onDone((await response.json()) as ConfirmFactorAnswer);
    } catch (error) {
      if (onRefused?.(error) !== true) throw error;
    }
  });
  return (
    <form ref={form} method="post" onSubmit={onSubmit} noValidate className="max-w-sm space-y-5">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {offersSignOut ? (
        <label className="flex items-start gap-3">
          <input type="checkbox" name="signOutOthers" className="mt-1 size-4.5 shrink-0" />
          Sign out other devices
        </label>
      ) : null}
      <CodeField
        label={method === 'totp' ? 'Code that the app shows' : 'Code that you received'}
        error={errorOf('code')}
        hint="Six digits."
        // The QR code is looked at first: on a phone the keyboard would hide it.
        takesFocus={method !== 'totp'}
      />
      <Button type="submit" tone="primary" isPending={isPending}>
        {`Turn on ${factorWords[method].name.toLowerCase()}`}
      </Button>
    </form>
  );
}
