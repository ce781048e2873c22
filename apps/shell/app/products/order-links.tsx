import Link from 'next/link';
import { productsUrl, type ProductOrder, type ProductView } from './product.ts';

const orders: readonly { readonly order: ProductOrder; readonly words: string }[] = [
  { order: 'name', words: 'By name' },
  { order: 'newest', words: 'Newest' },
];

/** Chooses the order of the list. */
export function OrderLinks({ view }: { readonly view: ProductView }) {
  return (
    <ul aria-label="Order" className="flex gap-4 text-[0.9375rem]">
      {orders.map(({ order, words }) => (
        <li key={order}>
          <Link
            href={productsUrl({ ...view, order }, 1)}
            aria-current={order === view.order ? 'true' : undefined}
            className={order === view.order ? 'font-medium' : 'text-link'}
          >
            {words}
          </Link>
        </li>
      ))}
    </ul>
  );
}
