'use client';

import { Button } from '@sallyport/ui/button';
import { CodeField } from '@sallyport/ui/code-field';
import { factorWords } from '@sallyport/ui/factor-words';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch, type CodeMethod, type ShownFactor } from '@sallyport/nextjs/client';
import { useEffect, useState } from 'react';
import { MailboxLink } from './demo-note.tsx';

export interface CodeFormProps {
  readonly factors: readonly ShownFactor[];
  readonly hasRecoveryCodes: boolean;
  readonly resendSeconds: number;
  /** Where a code is asked for. */
  readonly sendPath: string;
  readonly mailboxUrl: string | undefined;
  readonly submitLabel: string;
  /** Hands the code in. Rejects when it was refused, and may leave the page otherwise. */
  readonly onCode: (method: CodeMethod, code: string) => Promise<void>;
}

/** Asks for one code, and offers the other ways to get one. */
export function CodeForm({ factors, hasRecoveryCodes, ...rest }: CodeFormProps) {
  const methods: readonly CodeMethod[] = [
    ...factors.map(({ method }) => method),
    ...(hasRecoveryCodes ? (['recovery-code'] as const) : []),
  ];
  const [method, setMethod] = useState(methods[0]);
  if (method === undefined) return <p>There is no way left to get a code. Ask an administrator to reset it.</p>;
  const destination = factors.find((factor) => factor.method === method)?.destination;
  const others = methods.filter((other) => other !== method);
  return (
    <>
      {/* The key makes each way a form of its own: no code and no refusal of one is carried into another. */}
      <MethodForm key={method} method={method} destination={destination} {...rest} />
      {others.length === 0 ? null : (
        <section aria-labelledby="other-ways" className="space-y-2 border-t border-line pt-5">
          <h2 id="other-ways" className="text-[0.9375rem] font-medium text-ink-soft">
            Not at hand?
          </h2>
          <div className="flex flex-wrap gap-2">
            {others.map((other) => (
              <OtherWay key={other} method={other} onChoose={() => setMethod(other)} />
            ))}
          </div>
        </section>
      )}
    </>
  );
}

function OtherWay({ method, onChoose }: { readonly method: CodeMethod; readonly onChoose: () => void }) {
  const { icon: Icon, name } = factorWords[method];
  return (
    <Button size="small" onClick={onChoose}>
      <Icon aria-hidden="true" className="size-4" />
      {name}
    </Button>
  );
}

interface MethodFormProps extends Omit<CodeFormProps, 'factors' | 'hasRecoveryCodes'> {
  readonly method: CodeMethod;
  readonly destination: string | undefined;
}

function MethodForm({
  method,
  destination,
  resendSeconds,
  sendPath,
  mailboxUrl,
  submitLabel,
  onCode,
}: MethodFormProps) {
  const isSent = method === 'email' || method === 'sms';
  const [sentCount, setSentCount] = useState(0);
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission((values) =>
    onCode(method, String(values.get('code'))),
  );

  if (isSent && sentCount === 0) {
    return (
      <SendButton
        label={`Send a code to ${destination}`}
        tone="primary"
        sendPath={sendPath}
        method={method}
        onSent={() => setSentCount(1)}
      />
    );
  }
  return (
    <>
      {isSent ? (
        <p role="status">
          A code is on its way to <strong className="font-semibold">{destination}</strong>.
          {mailboxUrl === undefined ? null : (
            <span className="text-ink-soft">
              {' '}
              In this demo it waits in <MailboxLink url={mailboxUrl} />.
            </span>
          )}
        </p>
      ) : null}
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-5">
        <CodeField
          label={labels[method]}
          hint={hints[method]}
          kind={method === 'recovery-code' ? 'recovery-code' : 'digits'}
          error={errorOf('code')}
          takesFocus
        />
        <Button type="submit" tone="primary" size="large" isPending={isPending} className="w-full">
          {isPending ? 'Checking…' : submitLabel}
        </Button>
      </form>
      {isSent ? (
        <ResendButton
          key={sentCount}
          seconds={resendSeconds}
          sendPath={sendPath}
          method={method}
          onSent={() => setSentCount(sentCount + 1)}
        />
      ) : null}
    </>
  );
}

const labels: Readonly<Record<CodeMethod, string>> = {
  totp: 'Code from your authenticator app',
  email: 'Code from the email',
  sms: 'Code from the text message',
  'recovery-code': 'Recovery code',
};

const hints: Readonly<Record<CodeMethod, string>> = {
  totp: 'Six digits, new every 30 seconds.',
  email: 'Six digits. The code works for ten minutes.',
  sms: 'Six digits. The code works for ten minutes.',
  'recovery-code': 'Four groups of four characters. Each code works once.',
};

interface SendButtonProps {
  readonly label: string;
  readonly tone?: 'primary' | 'quiet';
  readonly sendPath: string;
  readonly method: CodeMethod;
  readonly onSent: () => void;
}

function SendButton({ label, tone = 'quiet', sendPath, method, onSent }: SendButtonProps) {
  const { form, isPending, problem, onSubmit } = useSubmission(async () => {
    await authFetch(sendPath, { method: 'POST', json: { method } });
    onSent();
  });
  return (
    <form ref={form} method="post" onSubmit={onSubmit} className="space-y-5">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <Button type="submit" tone={tone} size={tone === 'primary' ? 'large' : 'small'} isPending={isPending}>
        {label}
      </Button>
    </form>
  );
}

/** Counts the seconds down until another code may be sent. */
function ResendButton({ seconds, ...send }: Omit<SendButtonProps, 'label'> & { readonly seconds: number }) {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000))), 1000);
    return () => clearInterval(timer);
  }, [seconds]);

  if (left > 0)
    return <p className="min-h-9 py-1.5 text-sm text-ink-soft">You can ask for another code in {left} s.</p>;
  return <SendButton label="Send another code" {...send} />;
}
