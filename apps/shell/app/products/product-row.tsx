import { Pencil, Trash2 } from 'lucide-react';
import { Button } from '@sallyport/ui/button';
import { mayUpdate, type Abilities } from './abilities.ts';
import { formatPrice, type Product } from './product.ts';

interface ProductRowProps {
  readonly product: Product;
  readonly abilities: Abilities;
  readonly onChange: () => void;
  readonly onDelete: () => void;
}

/** One product, with the buttons that this person may use on it. */
export function ProductRow({ product, abilities, onChange, onDelete }: ProductRowProps) {
  const { name, description, stock, ownerId } = product;
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 px-5 py-4">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-semibold">
          {name}
          {ownerId === abilities.userId ? (
            <span className="rounded-full bg-inner-tint px-2 py-0.5 text-xs font-medium text-inner">Yours</span>
          ) : null}
        </p>
        {description === '' ? null : <p className="text-[0.9375rem] text-ink-soft">{description}</p>}
      </div>
      <div className="text-right tabular-nums">
        <p className="font-semibold">{formatPrice(product)}</p>
        <p className="text-sm text-ink-soft">{stock === 0 ? 'Sold out' : `${stock} in stock`}</p>
      </div>
      {mayUpdate(abilities, ownerId) || abilities.mayDelete ? (
        <div className="col-span-2 -ml-3 flex gap-1">
          {mayUpdate(abilities, ownerId) ? (
            <Button tone="quiet" size="small" onClick={onChange}>
              <Pencil aria-hidden="true" className="size-3.5" />
              Edit<span className="sr-only"> {name}</span>
            </Button>
          ) : null}
          {abilities.mayDelete ? (
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
