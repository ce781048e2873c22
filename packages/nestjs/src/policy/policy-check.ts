import type { Abstract, InjectionToken, Type } from '@nestjs/common';
import type { PolicyCall } from './policy-call.ts';

/** What a loader gives: the record, or nothing where there is none. */
export type Loaded<Loading = unknown> = Loading | null | undefined | Promise<Loading | null | undefined>;

/** Loads the record that a call is about. */
export type RecordLoader<Loading = unknown> = (call: PolicyCall) => Loaded<Loading>;

/** Loads the record that a call is about, with a provider of the application. */
export interface ProvidedLoader<Loading = unknown> {
  readonly provider: InjectionToken;
  readonly load: (provider: never, call: PolicyCall) => Loaded<Loading>;
}

/**
 * Loads a record with a provider of the application.
 *
 * @param provider a class or a token. It must not be request-scoped.
 * @example
 * `@CheckPolicies('update', 'Product', { load: loadFrom(ProductStore, (products, call) => products.find(call.text('id'))) })`
 */
export function loadFrom<Provider, Loading>(
  provider: Type<Provider> | Abstract<Provider> | string | symbol,
  load: (provider: Provider, call: PolicyCall) => Loaded<Loading>,
): ProvidedLoader<Loading> {
  return { provider, load };
}

/** What `@CheckPolicies` declares. */
export interface PolicyCheck {
  readonly action: string;
  readonly type: string;
  readonly load: RecordLoader | ProvidedLoader | undefined;
  readonly onDeny: 403 | 404;
}
