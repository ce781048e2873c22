'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';

interface OrderActionsProps {
  readonly id: string;
  readonly mayPay: boolean;
  readonly mayCancel: boolean;
}

/** What may be done with an order that is not paid. Paying happens at the payment provider. */
export function OrderActions({ id, mayPay, mayCancel }: OrderActionsProps) {
  const router = useRouter();
  const [pending, setPending] = useState<'pay' | 'cancel'>();
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();

  async function run(action: 'pay' | 'cancel', work: () => Promise<void>): Promise<void> {
    setPending(action);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setPending(undefined);
    }
    setAsking(false);
  }

  const pay = async (): Promise<void> => {
    const answer = await authFetch(`/api/orders/orders/${id}/payment`, { method: 'POST' });
    const { url } = (await answer.json()) as { readonly url: string };
    // Stays pending: the page is left.
    location.assign(url);
  };
  const cancel = async (): Promise<void> => {
    await authFetch(`/api/orders/orders/${id}/cancellation`, { method: 'POST' });
    setPending(undefined);
    router.refresh();
  };

  return (
    <div className="space-y-4 border-t border-line px-5 py-4">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-3">
        {mayCancel ? <Button onClick={() => setAsking(true)}>Cancel the order</Button> : null}
        {mayPay ? (
          <Button tone="primary" isPending={pending === 'pay'} onClick={() => void run('pay', pay)}>
            Pay with Acme Pay
          </Button>
        ) : null}
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        title="Cancel this order?"
        confirmLabel="Cancel the order"
        isPending={pending === 'cancel'}
        onConfirm={() => void run('cancel', cancel)}
        onClose={() => setAsking(false)}
      >
        <p>Its products go back on sale. An order that is paid cannot be cancelled any more.</p>
      </ConfirmDialog>
    </div>
  );
}
