'use client';

import { useState } from 'react';
import { ConfirmDialog } from '@sallyport/ui/confirm-dialog';
import { ProblemNotice } from '@sallyport/ui/problem-notice';
import { toSubmissionProblem, type SubmissionProblem } from '@sallyport/ui/submission-problem';
import { authFetch } from '@sallyport/nextjs/client';
import type { Product } from './product.ts';

interface DeleteProductDialogProps {
  readonly product: Product;
  readonly onClose: () => void;
  readonly onDeleted: (news: string) => void;
}

/** Asks, then deletes. */
export function DeleteProductDialog({ product, onClose, onDeleted }: DeleteProductDialogProps) {
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<SubmissionProblem>();

  async function remove(): Promise<void> {
    setPending(true);
    setProblem(undefined);
    try {
      await authFetch(`/api/shop/products/${encodeURIComponent(product.id)}`, { method: 'DELETE' });
      onDeleted(`${product.name} is deleted.`);
    } catch (error) {
      setProblem(toSubmissionProblem(error));
      setPending(false);
    }
  }

  return (
    <ConfirmDialog
      isOpen
      title={`Delete ${product.name}?`}
      confirmLabel="Delete it"
      isPending={isPending}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>It disappears for everybody, at once.</p>
      {problem === undefined ? null : (
        <div className="mt-4">
          <ProblemNotice problem={problem} />
        </div>
      )}
    </ConfirmDialog>
  );
}
