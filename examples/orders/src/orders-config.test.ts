import { describe, expect, it } from 'vitest';
import { loadOrdersConfig } from './orders-config.ts';

const needed = { SALLYPORT_INTERNAL_URL: 'http://127.0.0.1:4000' };

describe('the configuration of orders', () => {
  it('takes payments where both the page and the key of a provider are there', () => {
    const payment = { PAYMENT_URL: 'https://pay.example/pay', PAYMENT_KEY: 'k'.repeat(32) };
    expect(loadOrdersConfig({ ...needed, ...payment }).payment).toEqual({
      url: payment.PAYMENT_URL,
      key: payment.PAYMENT_KEY,
    });
    expect(loadOrdersConfig(needed)).toMatchObject({
      payment: undefined,
      productsPath: '/api/shop',
      audience: 'orders',
    });
    for (const [name, value] of Object.entries(payment)) {
      expect(() => loadOrdersConfig({ ...needed, [name]: value })).toThrow('or neither');
    }
  });

  it('names every bad variable at once, and no value', () => {
    const load = (): unknown =>
      loadOrdersConfig({
        PORT: 'eighty-8080',
        SHOP_PUBLIC_PATH: 'shop-path',
        PAYMENT_URL: 'ftp://canary',
        PAYMENT_KEY: 'short-canary',
      });
    expect(load).toThrow(
      /PORT[\s\S]*SALLYPORT_INTERNAL_URL[\s\S]*SHOP_PUBLIC_PATH[\s\S]*PAYMENT_URL[\s\S]*PAYMENT_KEY/,
    );
    expect(load).not.toThrow(/eighty|shop-path|canary/);
  });
});
