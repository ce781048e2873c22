'use client';

import { ShoppingBasket } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { authFetch, ProblemError } from '@sallyport/nextjs/client';
import type { Product } from './product.ts';

interface AddToCartProps {
  readonly product: Product;
  /** A sentence for people: that it is in the cart, or why not. */
  readonly onDone: (news: string) => void;
}

/** Puts one of a product into the cart, beside what is in it. */
export function AddToCart({ product, onDone }: AddToCartProps) {
  const [isPending, setPending] = useState(false);
  const { id, name } = product;

  async function add(): Promise<void> {
    setPending(true);
    try {
      const path = '/api/orders/cart';
      const cart = (await (await authFetch(path)).json()) as {
        readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
      };
      const quantity = (cart.lines.find(({ productId }) => productId === id)?.quantity ?? 0) + 1;
      await authFetch(`${path}/items/${encodeURIComponent(id)}`, { method: 'PUT', json: { quantity } });
      onDone(quantity === 1 ? `${name} is in your cart.` : `${quantity} of ${name} are in your cart.`);
    } catch (error) {
      onDone(error instanceof ProblemError ? `${error.title}. ${error.hint ?? ''}` : 'We couldn’t reach the server.');
    }
    setPending(false);
  }

  return (
    <Button tone="quiet" size="small" isPending={isPending} onClick={() => void add()}>
      <ShoppingBasket aria-hidden="true" className="size-3.5" />
      Add to cart<span className="sr-only">: {name}</span>
    </Button>
  );
}
