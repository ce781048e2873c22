/* oxlint-disable typescript/no-empty-interface, typescript/no-empty-object-type -- applications fill the interface */
import type { ActionOf, AnyPolicy, FieldOf, RecordOf, TypeOf } from '@sallyport/policy';

/**
 * The policy of the application, for the types of `useCan` and its like. It is a type alone: no rule gets into the scripts
 * of a page. Once it is named here, a record type, an action or a field that the policy does not have is a type error.
 *
 * @example
 * declare module '@sallyport/nextjs/access' {
 *   interface KnownPolicy {
 *     readonly policy: typeof policy;
 *   }
 * }
 */
export interface KnownPolicy {}

/** The policy of {@link KnownPolicy}, or any where none is named. */
export type AppPolicy = KnownPolicy extends { readonly policy: infer Policy extends AnyPolicy } ? Policy : AnyPolicy;

/** A type of record of the policy. */
export type PolicyType = TypeOf<AppPolicy>;

/** What can be done with records of a type. */
export type PolicyAction<Type extends PolicyType> = ActionOf<AppPolicy, Type>;

/** A field of records of a type. */
export type PolicyField<Type extends PolicyType> = FieldOf<AppPolicy, Type>;

/** A record of a type. */
export type PolicyRecord<Type extends PolicyType> = RecordOf<AppPolicy, Type>;
