import Link from 'next/link';
import { productsUrl, type ProductOrder } from './product.ts';

const orders: readonly { readonly order: ProductOrder; readonly words: string }[] = [
  { order: 'name', words: 'By name' },
  { order: 'newest', words: 'Newest' },
];

/** Chooses the order of the list. */
export function OrderLinks({ order: current }: { readonly order: ProductOrder }) {
  return (
    <ul aria-label="Order" className="flex gap-4 text-[0.9375rem]">
      {orders.map(({ order, words }) => (
        <li key={order}>
          <Link
            href={productsUrl(order, 1)}
            aria-current={order === current ? 'true' : undefined}
            className={order === current ? 'font-medium' : 'text-link'}
          >
            {words}
          </Link>
        </li>
      ))}
    </ul>
  );
}
