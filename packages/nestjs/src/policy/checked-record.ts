import { SallyportError } from '@sallyport/core';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { sharedWeakMap } from '../shared-across-builds.ts';
import { rawRequest } from '../transports/raw-request.ts';
import type { PolicyType } from './known-policy.ts';
import { addPolicyUse } from './policy-uses.ts';

/** By request: over HTTP a request has one handler. */
const records = sharedWeakMap<object, Map<string, unknown>>('checked-records');

/** Notes what a check loaded and allowed. Called by the guard only. */
export function rememberCheckedRecord(context: ExecutionContext, type: string, record: unknown): void {
  if (context.getType<string>() !== 'http') return;
  const request = rawRequest(context.getArgByIndex<object>(0));
  const loaded = records.get(request) ?? new Map<string, unknown>();
  records.set(request, loaded.set(type, record));
}

/**
 * Gives a handler of HTTP the record that `@CheckPolicies` loaded, so that it is loaded once. It is the record as it was
 * when it was judged: a write that must not lose a race goes by `@AccessConditions` in its WHERE clause.
 *
 * @example
 * `remove(@CheckedRecord('Product') product: Product) {}`
 */
export function CheckedRecord<const Type extends PolicyType>(type: Type): ParameterDecorator {
  const give = giveRecord(type);
  return (target, name, index) => {
    give(target, name, index);
    const handler: unknown = name === undefined ? undefined : Reflect.get(target, name);
    if (typeof handler === 'function') addPolicyUse(handler, { kind: 'record', type });
  };
}

// Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
const giveRecord: (type: string) => ParameterDecorator = createParamDecorator(
  (type: string, context: ExecutionContext): unknown => {
    const loaded = records.get(rawRequest(context.getArgByIndex<object>(0)));
    if (loaded?.has(type) === true) return loaded.get(type);
    throw new SallyportError('SP_INTERNAL', { reason: 'no-record-was-checked' });
  },
);
