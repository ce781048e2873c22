'use client';

import { useWaitingDrafts } from '@sallyport/nextjs/client';
import { Plus } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Button } from '@sallyport/ui/button';
import { useCanAny } from '@sallyport/nextjs/access';
import { DeleteProductDialog } from './delete-product-dialog.tsx';
import { productsUrl, type Product, type ProductView } from './product.ts';
import { OrderLinks } from './order-links.tsx';
import { draftNameOf, ProductDialog } from './product-dialog.tsx';
import { ProductRow } from './product-row.tsx';
import { useProductChanges, type StreamState } from './use-product-changes.ts';

interface ProductsProps {
  readonly products: readonly Product[];
  readonly userId: string;
  readonly total: number;
  readonly view: ProductView;
}

type OpenDialog =
  | { readonly kind: 'none' }
  | { readonly kind: 'create' }
  | { readonly kind: 'change' | 'delete'; readonly product: Product };

/** The list and what may be done with it. After each change the server is asked again, so the list never guesses; so it is after changes of
 * others, of which the shop tells over a stream. */
export function Products({ products, userId, total, view }: ProductsProps) {
  const router = useRouter();
  const mayCreate = useCanAny('create', 'Product');
  const [dialog, setDialog] = useState<OpenDialog>({ kind: 'none' });
  const drafts = useWaitingDrafts();
  const [news, setNews] = useState('');
  const stream = useProductChanges(() => router.refresh());

  useEffect(() => {
    const found = dialogOfDraft(drafts, products);
    // oxlint-disable-next-line react/set-state-in-effect -- what is kept in the tab is known only in the browser
    if (found !== undefined) setDialog(found);
  }, [drafts, products]);

  const close = (): void => setDialog({ kind: 'none' });
  function finish(sentence: string, isNew = false): void {
    close();
    setNews(sentence);
    // A new product is on top of the newest, wherever its name would put it.
    if (isNew) router.push(productsUrl({ ...view, order: 'newest' }, 1));
    router.refresh();
  }

  return (
    <>
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-4">
        <div className="flex flex-wrap items-baseline gap-x-6 gap-y-1">
          <p className="text-ink-soft">{total === 1 ? '1 product' : `${total} products`}</p>
          <OrderLinks view={view} />
          <LiveMark state={stream} />
        </div>
        {mayCreate ? (
          <Button tone="primary" onClick={() => setDialog({ kind: 'create' })}>
            <Plus aria-hidden="true" className="size-4" />
            Add a product
          </Button>
        ) : null}
      </div>
      <p role="status" className={news === '' ? 'sr-only' : 'font-medium text-outer'}>
        {news}
      </p>
      {products.length === 0 ? (
        <p className="rounded-card border border-dashed border-line-strong p-10 text-center text-ink-soft">
          Nothing on this page.
        </p>
      ) : (
        <ul className="divide-y divide-line rounded-card border border-line bg-surface">
          {products.map((product) => (
            <ProductRow
              key={product.id}
              product={product}
              userId={userId}
              onInCart={setNews}
              onChange={() => setDialog({ kind: 'change', product })}
              onDelete={() => setDialog({ kind: 'delete', product })}
            />
          ))}
        </ul>
      )}
      {dialog.kind === 'create' ? <ProductDialog onClose={close} onSaved={finish} /> : null}
      {dialog.kind === 'change' ? <ProductDialog product={dialog.product} onClose={close} onSaved={finish} /> : null}
      {dialog.kind === 'delete' ? (
        <DeleteProductDialog product={dialog.product} onClose={close} onDeleted={finish} />
      ) : null}
    </>
  );
}

/** The dialog that was half filled when the session ended. */
function dialogOfDraft(drafts: readonly string[], products: readonly Product[]): OpenDialog | undefined {
  if (drafts.includes(draftNameOf(undefined))) return { kind: 'create' };
  const product = products.find((one) => drafts.includes(draftNameOf(one)));
  return product === undefined ? undefined : { kind: 'change', product };
}

const streamWords: Readonly<Record<StreamState, string>> = {
  paused: '',
  live: 'Live',
  ended: 'Your session has ended',
};

/** Whether changes of others show up by themselves. */
function LiveMark({ state }: { readonly state: StreamState }) {
  return (
    <p role="status" aria-label="Changes of others" className="flex items-center gap-1.5 text-sm text-ink-soft">
      {state === 'live' ? <span aria-hidden="true" className="size-2 rounded-full bg-inner" /> : null}
      {streamWords[state]}
    </p>
  );
}
