import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
      loadShopConfig({
        PORT: 'eighty-8080',
        SALLYPORT_PUBLIC_URL: 'ftp://secret',
        SALLYPORT_AUDIENCE: 'Shop!',
        MONGODB_URL: 'postgres://u:p4ss@db',
      });
    expect(load).toThrow(
      /PORT[\s\S]*SALLYPORT_PUBLIC_URL[\s\S]*SALLYPORT_INTERNAL_URL[\s\S]*SALLYPORT_AUDIENCE[\s\S]*MONGODB_URL/,
    );
    expect(load).not.toThrow(/eighty|secret|Shop!|p4ss/);
  });

  it('takes the address of MongoDB from the variable or from a file, not from both, and an empty one for none', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'shop-config-'));
    const file = path.join(folder, 'mongodb-url');
    writeFileSync(file, 'mongodb://user:p4ss@a:1,b:2/shop\n');
    const load = (variables: Readonly<Record<string, string>>): string | undefined =>
      loadShopConfig({ SALLYPORT_INTERNAL_URL: 'http://127.0.0.1:4000', ...variables }).mongodbUrl;
    expect(load({})).toBeUndefined();
    expect(load({ MONGODB_URL: '' })).toBeUndefined();
    expect(load({ MONGODB_URL: 'mongodb+srv://db.example.com' })).toBe('mongodb+srv://db.example.com');
    expect(load({ MONGODB_URL_FILE: file })).toBe('mongodb://user:p4ss@a:1,b:2/shop');
    expect(() => load({ MONGODB_URL_FILE: file, MONGODB_URL: 'mongodb://a' })).toThrow('not both');
    expect(() => load({ MONGODB_URL_FILE: path.join(folder, 'none') })).toThrow('MONGODB_URL_FILE');
    rmSync(folder, { recursive: true });
  });
});
