import type { ShopPolicy } from '@sallyport/example-shop-kit/policy';

// A record type, an action, a field or a permission that the policy file does not have is a type error in every decorator.
declare module '@sallyport/nestjs' {
  interface KnownPolicy {
    readonly policy: ShopPolicy;
  }
}
