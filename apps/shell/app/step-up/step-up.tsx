'use client';

import { Button, buttonClass } from '@sallyport/ui/button';
import { Notice } from '@sallyport/ui/notice';
import { PasswordField } from '@sallyport/ui/password-field';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch, type ShownFactor, type StepUpAnswer, type StepUpOfferAnswer } from '@sallyport/nextjs/client';
import { CodeForm } from '../code-form.tsx';
import { useAnswer } from '../use-answer.ts';

interface StepUpProps {
  readonly returnTo: string | undefined;
  /** How strong the sign-in must be for what comes next. */
  readonly acr: string | undefined;
  readonly mailboxUrl: string | undefined;
}

/** Confirms who the user is, with the second factor or, where there is none, the password; then leads on. */
export function StepUp({ returnTo, acr, mailboxUrl }: StepUpProps) {
  const answer = useAnswer<StepUpOfferAnswer>('/auth/step-up');

  async function confirm(proof: Readonly<Record<string, string>>): Promise<void> {
    const json = { ...proof, ...(returnTo === undefined ? {} : { returnTo }) };
    const response = await authFetch('/auth/step-up', { method: 'POST', json });
    const raised = (await response.json()) as StepUpAnswer;
    location.assign(raised.returnTo);
  }

  if (answer.kind === 'waiting') {
    return (
      <p role="status" className="min-h-56 text-ink-soft">
        One moment…
      </p>
    );
  }
  if (answer.kind === 'failed') return <ProblemNotice problem={answer.problem} />;
  const { methods, hasRecoveryCodes = false, resendSeconds } = answer.value;
  if (acr === 'phr') return <NotPossible />;
  if (methods.some(({ method }) => method === 'password')) {
    return acr === 'mfa' ? (
      <FactorMissing />
    ) : (
      <PasswordForm onPassword={(password) => confirm({ method: 'password', password })} />
    );
  }
  return (
    <CodeForm
      factors={methods.filter((offer): offer is ShownFactor => offer.method !== 'password')}
      hasRecoveryCodes={hasRecoveryCodes}
      resendSeconds={resendSeconds}
      sendPath="/auth/step-up/send"
      mailboxUrl={mailboxUrl}
      submitLabel="Confirm"
      onCode={(method, code) => confirm({ method, code })}
    />
  );
}

function PasswordForm({ onPassword }: { readonly onPassword: (password: string) => Promise<void> }) {
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission((values) =>
    onPassword(String(values.get('password'))),
  );
  return (
    <>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <PasswordField
          name="password"
          label="Your password"
          autoComplete="current-password"
          required
          error={errorOf('password')}
          aside={
            <a href="/forgot-password" className="text-link text-sm">
              Forgot it?
            </a>
          }
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Checking…' : 'Confirm'}
        </Button>
      </form>
    </>
  );
}

function FactorMissing() {
  return (
    <>
      <Notice tone="note" title="This needs a second factor">
        <p>Your account has none yet. Set one up, then open the page again.</p>
      </Notice>
      <a href="/account/security" className={buttonClass({ tone: 'primary', size: 'large' })}>
        Set up a second factor
      </a>
    </>
  );
}

function NotPossible() {
  return (
    <Notice tone="refused" title="This needs a passkey or a security key">
      <p>The page asks for a sign-in that cannot be phished, and your account has none. Ask an administrator.</p>
    </Notice>
  );
}
