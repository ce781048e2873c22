'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button, buttonClass } from '@sallyport/ui/button';
import { Card } from '@sallyport/ui/card';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';
import { formatPrice } from '../products/product.ts';
import { totalsOf, type Cart } from './cart.ts';
import { CartRow } from './cart-row.tsx';

/** The cart and what may be done with it. After each change the server is asked again, so that no price is guessed. */
export function CartLines({ cart }: { readonly cart: Cart }) {
  const router = useRouter();
  const [isOrdering, setOrdering] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();
  const { lines } = cart;

  if (lines.length === 0) {
    return (
      <div className="space-y-5 rounded-card border border-dashed border-line-strong p-10 text-center text-ink-soft">
        <p>Nothing in it yet.</p>
        <Link href="/products" className={buttonClass({ tone: 'primary' })}>
          Look at the products
        </Link>
      </div>
    );
  }

  async function order(): Promise<void> {
    setOrdering(true);
    setProblem(undefined);
    try {
      const answer = await authFetch('/api/orders/orders', { method: 'POST', json: { cartId: cart.id } });
      const { id } = (await answer.json()) as { readonly id: string };
      router.push(`/orders/${id}`);
      router.refresh();
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setOrdering(false);
      // Another tab may have changed the cart, or its stock came back: then it has another id.
      router.refresh();
    }
  }

  const isComplete = lines.every(({ product, quantity }) => product !== null && product.stock >= quantity);
  const totals = totalsOf(lines);
  const hasOneCurrency = totals.length < 2;

  return (
    <div className="grid items-start gap-8 lg:grid-cols-[1fr_19rem]">
      <ul className="divide-y divide-line rounded-card border border-line bg-surface">
        {lines.map((line) => (
          <CartRow
            key={line.productId}
            line={line}
            // The service names the product that it refuses.
            error={problem?.fields[line.productId]}
            onFailed={setProblem}
          />
        ))}
      </ul>
      <Card labelledBy="sum" className="space-y-4 p-5">
        <div className="flex items-baseline justify-between gap-4">
          <h2 id="sum" className="font-semibold">
            Total
          </h2>
          <div className="text-right text-xl font-semibold tabular-nums">
            {totals.map((total) => (
              <p key={total.currency}>{formatPrice(total)}</p>
            ))}
          </div>
        </div>
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        {problem?.fields['cartId'] === undefined ? null : <p className="text-danger">{problem.fields['cartId']}.</p>}
        {isComplete ? null : (
          <p className="text-[0.9375rem] text-ink-soft">Remove what is no longer on sale, or take fewer of it.</p>
        )}
        {hasOneCurrency ? null : (
          <p className="text-[0.9375rem] text-ink-soft">
            An order has one currency: remove what has another, and order it afterwards.
          </p>
        )}
        <Button
          tone="primary"
          className="w-full"
          isPending={isOrdering}
          disabled={!isComplete || !hasOneCurrency}
          onClick={() => void order()}
        >
          Place the order
        </Button>
        <p className="text-sm text-ink-soft">You pay afterwards. Until then you can cancel.</p>
      </Card>
    </div>
  );
}
