'use client';

import { Minus, Plus, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';
import { formatPrice } from '../products/product.ts';
import { maxQuantity, type CartLine } from './cart.ts';

interface CartRowProps {
  readonly line: CartLine;
  /** Why the service did not sell it. */
  readonly error: string | undefined;
  readonly onFailed: (problem: SubmissionProblem | undefined) => void;
}

/** One product of the cart. */
export function CartRow({ line, error, onFailed }: CartRowProps) {
  const router = useRouter();
  const [isPending, setPending] = useState(false);
  const { productId, quantity, product } = line;
  const name = product?.name ?? 'A product that is no longer on sale';

  async function change(to: number): Promise<void> {
    setPending(true);
    onFailed(undefined);
    const path = `/api/orders/cart/items/${encodeURIComponent(productId)}`;
    try {
      await (to === 0
        ? authFetch(path, { method: 'DELETE' })
        : authFetch(path, { method: 'PUT', json: { quantity: to } }));
      router.refresh();
    } catch (failure) {
      onFailed(toSubmissionProblem(failure));
    }
    setPending(false);
  }

  const short = product !== null && product.stock < quantity;
  const warning = error ?? (short ? `Only ${product.stock} left` : undefined);
  return (
    <li className="grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-3 px-5 py-4">
      <div className="min-w-0">
        <p className={`font-semibold ${product === null ? 'text-ink-soft' : ''}`}>{name}</p>
        {product === null ? null : <p className="text-sm text-ink-soft tabular-nums">{formatPrice(product)} each</p>}
        {warning === undefined ? null : <p className="text-sm font-medium text-danger">{warning}</p>}
      </div>
      <p className="text-right font-semibold tabular-nums">
        {product === null ? '' : formatPrice({ ...product, priceCents: product.priceCents * quantity })}
      </p>
      <div className="col-span-2 flex flex-wrap items-center gap-2">
        {product === null ? null : (
          <>
            <Button
              size="small"
              isPending={isPending}
              disabled={quantity === 1}
              onClick={() => void change(quantity - 1)}
            >
              <Minus aria-hidden="true" className="size-3.5" />
              <span className="sr-only">One less of {name}</span>
            </Button>
            <output className="min-w-8 text-center font-medium tabular-nums" aria-label={`Quantity of ${name}`}>
              {quantity}
            </output>
            <Button
              size="small"
              isPending={isPending}
              disabled={quantity === maxQuantity}
              onClick={() => void change(quantity + 1)}
            >
              <Plus aria-hidden="true" className="size-3.5" />
              <span className="sr-only">One more of {name}</span>
            </Button>
          </>
        )}
        <Button tone="quiet" size="small" isPending={isPending} onClick={() => void change(0)}>
          <Trash2 aria-hidden="true" className="size-3.5" />
          Remove<span className="sr-only"> {name}</span>
        </Button>
      </div>
    </li>
  );
}
