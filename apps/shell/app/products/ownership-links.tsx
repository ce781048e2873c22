import Link from 'next/link';
import { productsUrl, type ProductView } from './product.ts';

/** Chooses between all products and one's own, drafts among them. */
export function OwnershipLinks({ view }: { readonly view: ProductView }) {
  return (
    <ul aria-label="Whose products" className="flex gap-4 text-[0.9375rem]">
      {[false, true].map((isOwn) => (
        <li key={String(isOwn)}>
          <Link
            href={productsUrl({ ...view, isOwn }, 1)}
            aria-current={isOwn === view.isOwn ? 'true' : undefined}
            className={isOwn === view.isOwn ? 'font-medium' : 'text-link'}
          >
            {isOwn ? 'Yours' : 'All products'}
          </Link>
        </li>
      ))}
    </ul>
  );
}
