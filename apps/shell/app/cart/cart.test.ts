import { expect, it } from 'vitest';
import { totalsOf, type CartLine } from './cart.ts';

const line = (quantity: number, priceCents: number, currency: string): CartLine => ({
  productId: `${currency}-${priceCents}`,
  quantity,
  product: { name: 'A gate', priceCents, currency, stock: 9 },
});

it('the sum of a cart adds up each currency by itself', () => {
  const lines = [line(2, 100, 'EUR'), line(1, 50, 'USD'), line(3, 10, 'EUR')];
  expect(totalsOf(lines)).toEqual([
    { priceCents: 230, currency: 'EUR' },
    { priceCents: 50, currency: 'USD' },
  ]);
});

it('the sum of a cart counts nothing that is no longer on sale', () => {
  expect(totalsOf([{ productId: 'gone', quantity: 4, product: null }, line(1, 7, 'GBP')])).toEqual([
    { priceCents: 7, currency: 'GBP' },
  ]);
  expect(totalsOf([])).toEqual([]);
});
