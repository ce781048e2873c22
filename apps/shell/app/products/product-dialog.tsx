'use client';

import { useEffect, useRef } from 'react';
import { Button } from '@sallyport/ui/button';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { TextField } from '@sallyport/ui/text-field';
import { useSubmission } from '@sallyport/ui/use-submission';
import { authFetch, useDraft } from '@sallyport/nextjs/client';
import type { Product } from './product.ts';
import { readProductForm } from './read-product-form.ts';

interface ProductDialogProps {
  /** The product to change; absent for a new one. */
  readonly product?: Product;
  readonly onClose: () => void;
  readonly onSaved: (news: string, isNew: boolean) => void;
}

/** The name of the draft of a product. */
export function draftNameOf(product: Product | undefined): string {
  return product === undefined ? 'new-product' : `product-${product.id}`;
}

function newsOf(status: Product['status']): string {
  return status === 'draft' ? 'The draft is saved.' : 'The product is on sale.';
}

/** The form of a product. Open for as long as it is mounted. */
export function ProductDialog({ product, onClose, onSaved }: ProductDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { form, isPending, problem, errorOf, onSubmit } = useSubmission(async (values) => {
    const json = readProductForm(values);
    if (product === undefined) await authFetch('/api/shop/products', { method: 'POST', json });
    else await authFetch(`/api/shop/products/${encodeURIComponent(product.id)}`, { method: 'PATCH', json });
    onSaved(product === undefined ? newsOf(json.status) : 'The change is saved.', product === undefined);
  });

  const isRestored = useDraft(draftNameOf(product), form);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog
      ref={dialog}
      aria-labelledby="product-dialog-title"
      onClose={onClose}
      className="w-[min(30rem,calc(100vw-2rem))] rounded-card border border-line bg-surface p-6 text-ink shadow-raised"
    >
      <form ref={form} method="post" onSubmit={onSubmit} noValidate className="space-y-4">
        <h2 id="product-dialog-title" className="text-xl font-semibold tracking-[-0.02em]">
          {product === undefined ? 'Add a product' : `Edit ${product.name}`}
        </h2>
        {isRestored ? (
          <p role="status" className="text-sm text-ink-soft">
            We kept what you typed before you signed in.
          </p>
        ) : null}
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        <TextField name="name" label="Name" required defaultValue={product?.name} error={errorOf('name')} />
        <TextField
          name="description"
          label="Description"
          defaultValue={product?.description}
          error={errorOf('description')}
        />
        <div className="grid grid-cols-2 gap-4">
          <TextField
            name="priceCents"
            label={`Price, ${product?.currency ?? 'EUR'}`}
            type="number"
            inputMode="decimal"
            min="0"
            step="0.01"
            required
            defaultValue={product === undefined ? undefined : (product.priceCents / 100).toFixed(2)}
            error={errorOf('priceCents')}
          />
          <TextField
            name="stock"
            label="In stock"
            type="number"
            inputMode="numeric"
            min="0"
            step="1"
            required
            defaultValue={product?.stock ?? 1}
            error={errorOf('stock')}
          />
        </div>
        <label className="flex min-h-10 items-center gap-2.5">
          <input type="checkbox" name="isPublished" defaultChecked={product?.status !== 'draft'} className="size-4" />
          On sale
          <span className="text-sm text-ink-soft">A draft is seen by you and by administrators.</span>
        </label>
        <div className="flex justify-end gap-3 pt-2">
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button type="submit" tone="primary" isPending={isPending}>
            {product === undefined ? 'Add it' : 'Save'}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
