'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch, ProblemError, stepUpUrl, useDraft } from '@sallyport/nextjs/client';

/** What the service shows of it: never the whole number. */
export interface ShownPayout {
  readonly accountHolder: string;
  readonly ibanHint: string;
  readonly updatedAt: string;
}

/** The account that a vendor is paid to. What was typed is kept while its vendor proves who they are. */
export function PayoutForm({ payout }: { readonly payout: ShownPayout | null }) {
  const router = useRouter();
  const [isSaved, setSaved] = useState(false);
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    setSaved(false);
    const json = { accountHolder: textOf(values, 'accountHolder'), iban: textOf(values, 'iban') };
    try {
      await authFetch('/api/orders/payout', { method: 'PUT', json });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'SP_STEP_UP_REQUIRED') throw error;
      location.assign(stepUpUrl(error.stepUp, location.pathname));
      // Stays pending: the page is left.
      await new Promise(() => undefined);
    }
    setSaved(true);
    router.refresh();
  });
  const isRestored = useDraft('payout', form);

  return (
    <Card className="max-w-xl space-y-6 p-6">
      <p>
        {payout === null ? (
          'No account yet: what you sell is kept for you until there is one.'
        ) : (
          <>
            Now: <strong>{payout.accountHolder}</strong>, <span className="tabular-nums">{payout.ibanHint}</span>
          </>
        )}
      </p>
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-4">
        {isRestored ? (
          <p role="status" className="text-sm text-ink-soft">
            We kept what you typed. Save it now.
          </p>
        ) : null}
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        <p role="status" className={isSaved ? 'font-medium text-outer' : 'sr-only'}>
          {isSaved ? 'The account is saved.' : ''}
        </p>
        <TextField
          name="accountHolder"
          label="Account holder"
          autoComplete="off"
          required
          error={errorOf('accountHolder')}
        />
        <TextField
          name="iban"
          label="IBAN"
          autoComplete="off"
          spellCheck={false}
          required
          hint="Such as DE89 3704 0044 0532 0130 00"
          error={errorOf('iban')}
        />
        <div className="flex justify-end">
          <Button type="submit" tone="primary" isPending={isPending}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}

function textOf(values: FormData, field: string): string {
  const value = values.get(field);
  return typeof value === 'string' ? value.trim() : '';
}
