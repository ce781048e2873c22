import type { ShopPolicy } from '@sallyport/example-shop-kit/policy';

// The rules that pages show and hide by, as a type alone: no rule gets into their scripts.
declare module '@sallyport/nextjs/access' {
  interface KnownPolicy {
    readonly policy: ShopPolicy;
  }
}
