import { declare } from '../access/declare.ts';
import type { PolicyAction, PolicyRecord, PolicyType } from './known-policy.ts';
import type { ProvidedLoader, RecordLoader } from './policy-check.ts';
import { PolicyGuard } from './policy-guard.ts';

/** How a handler is checked. */
export interface CheckPoliciesOptions<Type extends PolicyType> {
  /**
   * Gives the record: a function of the call, or `loadFrom(Provider, …)`. For `create` it gives the record as it will be.
   * What is not there is 404 `SP_NOT_FOUND`. Without it the rules must not look at records, or the handler must take
   * `@AccessConditions` of the same action: the start fails otherwise.
   */
  readonly load?: RecordLoader<PolicyRecord<Type>> | ProvidedLoader<PolicyRecord<Type>>;
  /**
   * What a refused caller gets: 403 `SP_POLICY_DENIED` with the text of the rule, or the 404 of a record that is not there,
   * so that no caller learns which records there are. @default 403
   */
  readonly onDeny?: 403 | 404;
}

/**
 * Asks the policy of the module whether the caller may do this with the record that the call is about. It is declared
 * access by itself, as `@Authenticated()` is, adds to `@Permissions`, `@Roles` and the others, and is asked after them.
 * Beside `@OptionalAuth()` on the same target, a handler or a class, the policy decides about anonymous callers too. On a
 * handler of a class with `@OptionalAuth()` it asks for a known caller: the stricter reading wins.
 *
 * Refused with `SP_POLICY_DENIED`, with `SP_UNAUTHENTICATED` where the caller is anonymous, or with `SP_NOT_FOUND` by
 * `onDeny: 404`. It judges the record as it is: what a write makes of it is judged by `SallyportAccess.assertWrite`.
 *
 * @example
 * `@CheckPolicies('delete', 'Product', { load: loadFrom(ProductStore, (products, call) => products.find(call.text('id'))) })`
 */
export function CheckPolicies<const Type extends PolicyType>(
  action: PolicyAction<Type>,
  type: Type,
  options: CheckPoliciesOptions<NoInfer<Type>> = {},
): ClassDecorator & MethodDecorator {
  const { load, onDeny = 403 } = options;
  return declare({ kind: 'policy', check: { action, type, load, onDeny } }, PolicyGuard);
}
