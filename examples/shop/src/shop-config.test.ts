import { describe, expect, it } from 'vitest';
import { loadShopConfig } from './shop-config.ts';

describe('the configuration of the shop', () => {
  it('derives the issuer and the address of the keys', () => {
    const config = loadShopConfig({
      SALLYPORT_PUBLIC_URL: 'https://app.example.com/',
      SALLYPORT_INTERNAL_URL: 'http://127.0.0.1:4000',
    });
    expect(config).toMatchObject({
      issuer: 'https://app.example.com/internal',
      keysUrl: 'http://127.0.0.1:4000/internal/.well-known/jwks.json',
      audience: 'shop',
    });
  });

  it('names every bad variable at once, and no value', () => {
    const load = (): unknown =>
      loadShopConfig({ PORT: 'eighty-8080', SALLYPORT_PUBLIC_URL: 'ftp://secret', SALLYPORT_AUDIENCE: 'Shop!' });
    expect(load).toThrow(/PORT[\s\S]*SALLYPORT_PUBLIC_URL[\s\S]*SALLYPORT_INTERNAL_URL[\s\S]*SALLYPORT_AUDIENCE/);
    expect(load).not.toThrow(/eighty|secret|Shop!/);
  });
});
