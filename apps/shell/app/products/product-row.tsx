import { Pencil, Trash2 } from 'lucide-react';
import { Button } from '@sallyport/ui/button';
import { useCan } from '@sallyport/nextjs/access';
import { AddToCart } from './add-to-cart.tsx';
import { formatPrice, type Product } from './product.ts';

interface ProductRowProps {
  readonly product: Product;
  readonly userId: string;
  readonly onInCart: (news: string) => void;
  readonly onChange: () => void;
  readonly onDelete: () => void;
}

/** One product, with the buttons that this person may use on it. */
export function ProductRow({ product, userId, onInCart, onChange, onDelete }: ProductRowProps) {
  const mayUpdate = useCan('update', 'Product', product);
  const mayDelete = useCan('delete', 'Product', product);
  const mayBuy = useCan('buy', 'Product', product);
  const { name, description, stock, status, ownerId } = product;
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 px-5 py-4">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
          {name}
          {ownerId === userId ? (
            <span className="rounded-full bg-inner-tint px-2 py-0.5 text-xs font-medium text-inner">Yours</span>
          ) : null}
          {status === 'draft' ? (
            <span className="rounded-full bg-sunken px-2 py-0.5 text-xs font-medium text-ink-soft">Draft</span>
          ) : null}
        </p>
        {description === '' ? null : <p className="text-[0.9375rem] text-ink-soft">{description}</p>}
      </div>
      <div className="text-right tabular-nums">
        <p className="font-semibold">{formatPrice(product)}</p>
        <p className="text-sm text-ink-soft">{stock === 0 ? 'Sold out' : `${stock} in stock`}</p>
      </div>
      {mayBuy || mayUpdate || mayDelete ? (
        <div className="col-span-2 -ml-3 flex flex-wrap gap-1">
          {mayBuy && stock > 0 ? <AddToCart product={product} onDone={onInCart} /> : null}
          {mayUpdate ? (
            <Button tone="quiet" size="small" onClick={onChange}>
              <Pencil aria-hidden="true" className="size-3.5" />
              Edit<span className="sr-only"> {name}</span>
            </Button>
          ) : null}
          {mayDelete ? (
            <Button tone="quiet" size="small" onClick={onDelete}>
              <Trash2 aria-hidden="true" className="size-3.5" />
              Delete<span className="sr-only"> {name}</span>
            </Button>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}
