import type { Order } from './order.ts';

const looks: Readonly<Record<Order['state'], { readonly words: string; readonly className: string }>> = {
  open: { words: 'Waits for payment', className: 'bg-sunken text-ink' },
  paid: { words: 'Paid', className: 'bg-outer-tint text-outer' },
  cancelled: { words: 'Cancelled', className: 'bg-sunken text-ink-soft' },
  'refund-due': { words: 'Refund due', className: 'bg-danger-tint text-danger' },
};

/** How far an order is. */
export function OrderState({ state }: Pick<Order, 'state'>) {
  const { words, className } = looks[state];
  return (
    <span className={`rounded-full px-2.5 py-0.5 text-sm font-medium whitespace-nowrap ${className}`}>{words}</span>
  );
}
