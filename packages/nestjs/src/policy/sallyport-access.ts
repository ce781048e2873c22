import { SallyportError, type Caller } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import {
  accessFor,
  type Access,
  type AccessFilter,
  type DecisionPoint,
  type Explanation,
  type WriteDecision,
} from '@sallyport/policy';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import type { AppPolicy, PolicyAction, PolicyField, PolicyRecord, PolicyType } from './known-policy.ts';
import { PolicyDenials } from './policy-denials.ts';
import { requirePolicy } from './require-policy.ts';

/** How a refusal looks from outside. */
export interface AssertOptions {
  /** 404: as a record that is not there. @default 403 */
  readonly onDeny?: 403 | 404;
}

/**
 * Asks the policy of the module, in services. What it refuses is an error of the catalog, in the log with its reason, and
 * an entry of the `audit` port with the outcome `denied`. Records are plain objects.
 *
 * Every method rejects a service without a policy with `OptionsError`, and so for a type or an action that it does not have.
 *
 * @example
 * constructor(@Inject(SallyportAccess) private readonly access: SallyportAccess) {}
 *
 * async rename(principal: Principal, id: string, name: string) {
 *   const product = this.access.assert(principal, 'update', 'Product', await this.products.find(id));
 *   this.access.assertWrite(principal, 'update', 'Product', product, { ...product, name });
 * }
 */
@Injectable()
export class SallyportAccess {
  readonly #options: SallyportOptions;
  readonly #denials: PolicyDenials;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions, @Inject(PolicyDenials) denials: PolicyDenials) {
    this.#options = options;
    this.#denials = denials;
  }

  /** The policy that is asked. */
  get policy(): AppPolicy {
    return requirePolicy(this.#options);
  }

  /** What decides about records in place of the policy file; `undefined` where the file does. */
  get decisionPoint(): DecisionPoint | undefined {
    return this.#options.decisionPoint;
  }

  /** All that a caller may do, by the policy file. */
  of(caller: Caller): Access<AppPolicy> {
    return accessFor(this.policy, caller);
  }

  /** Whether a caller may do this with a record, and with one field of it where it is named. */
  can<const Type extends PolicyType>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    record: PolicyRecord<Type>,
    field?: PolicyField<Type>,
  ): boolean {
    return this.of(caller).can(action, type, record, field);
  }

  /** The records that a caller may do this with, as a filter of a query. */
  filter<const Type extends PolicyType>(caller: Caller, action: PolicyAction<Type>, type: Type): AccessFilter {
    return this.of(caller).filter(action, type);
  }

  /** Why a caller may or may not do this, and what would allow it: for administrators, save `textForUser`. */
  explain<const Type extends PolicyType>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    record: PolicyRecord<Type>,
    field?: PolicyField<Type>,
  ): Explanation {
    return this.of(caller).explain(action, type, record, field);
  }

  /**
   * Gives the record back to a caller who may do this with it.
   *
   * @param record `null` or `undefined` where there is none.
   * @throws `SP_NOT_FOUND` where there is none, and by `onDeny: 404`; `SP_POLICY_DENIED`; `SP_UNAUTHENTICATED` for an
   *   anonymous caller.
   */
  assert<const Type extends PolicyType, Given extends PolicyRecord<Type>>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    record: Given | null | undefined,
    { onDeny = 403 }: AssertOptions = {},
  ): Given {
    if (record === null || record === undefined)
      throw new SallyportError('SP_NOT_FOUND', { reason: 'record-not-found' });
    if (this.of(caller).can(action, type, record)) return record;
    throw this.#denials.refuse({ caller, action, type, record, onDeny });
  }

  /**
   * As {@link assert}, by the decision point of the options; by the policy file where there is none.
   *
   * @throws as {@link assert}, and with `SP_SERVICE_UNAVAILABLE` (503) where the decision point has no answer.
   */
  async decide<const Type extends PolicyType, Given extends PolicyRecord<Type>>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    record: Given | null | undefined,
    { onDeny = 403 }: AssertOptions = {},
  ): Promise<Given> {
    const point = this.decisionPoint;
    if (point === undefined || record === null || record === undefined)
      return this.assert(caller, action, type, record, { onDeny });
    const decided = await point.decide({ caller, action, type, record });
    if (decided.isAllowed) return record;
    throw this.#denials.refuse({ caller, action, type, record, onDeny, decided });
  }

  /**
   * What the policy says of a write: whether the record may be written as it is and as it will be, and which changed fields
   * are not the caller's to change. `before` is `null` for what is created, `after` for what is deleted.
   */
  checkWrite<const Type extends PolicyType>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    before: PolicyRecord<Type> | null,
    after: PolicyRecord<Type> | null,
  ): WriteDecision {
    return this.of(caller).checkWrite(action, type, before, after);
  }

  /**
   * Refuses a write that the policy does not allow. Call it in the transaction that writes, on the record that was read
   * there: who owns it may have changed since a guard looked.
   *
   * @throws as {@link assert}, with the fields that must not be changed in `errors`.
   */
  assertWrite<const Type extends PolicyType>(
    caller: Caller,
    action: PolicyAction<Type>,
    type: Type,
    before: PolicyRecord<Type> | null,
    after: PolicyRecord<Type> | null,
    { onDeny = 403 }: AssertOptions = {},
  ): void {
    const write = this.checkWrite(caller, action, type, before, after);
    if (write.allowed) return;
    throw this.#denials.refuse({ caller, action, type, record: before ?? after ?? {}, onDeny, write });
  }
}
