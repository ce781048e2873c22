import { UseInterceptors } from '@nestjs/common';
import { noteDecorated } from '../access/lost-decorators.ts';
import type { PolicyAction, PolicyType } from './known-policy.ts';
import { MaskInterceptor } from './mask-interceptor.ts';
import { addPolicyUse, policyUsesOf } from './policy-uses.ts';

/** How an answer is masked. */
export interface MaskFieldsOptions {
  /**
   * Names that lead to the records in an answer, such as `items` of a page, or `data.items`. What stands beside them is
   * left as it is. @default the answer itself is a record, or a list of them
   */
  readonly at?: string;
  /**
   * `mask` leaves out fields that the caller may not read, and records of which they may read nothing from lists; a
   * single one is refused. `refuse` answers 403 `SP_POLICY_DENIED` in the place of anything that would have to be left
   * out. @default 'mask'
   */
  readonly onHidden?: 'mask' | 'refuse';
}

/**
 * Shows callers no more of the records in an answer than the policy lets them do this with. Properties that the policy does
 * not declare are left out too, and what cannot be judged is 500 and a line in the log that says why: a text, a stream,
 * an object with none of the fields, a record without a property that rules look at. It says nothing about who may call.
 *
 * @example
 * `@MaskFields('read', 'Product', { at: 'items' }) @Get() list() {}`
 */
export function MaskFields<const Type extends PolicyType>(
  action: PolicyAction<Type>,
  type: Type,
  { at, onHidden = 'mask' }: MaskFieldsOptions = {},
): MethodDecorator {
  const path = at === undefined ? [] : at.split('.');
  return (target, name, descriptor) => {
    const handler: unknown = descriptor.value;
    if (typeof handler !== 'function') return;
    const isBound = policyUsesOf(handler).some(({ kind }) => kind === 'mask');
    addPolicyUse(handler, { kind: 'mask', action, type, path, onHidden });
    noteDecorated(target, name, handler);
    if (!isBound) UseInterceptors(MaskInterceptor)(target, name, descriptor);
  };
}
