/** What a handler does with the policy beside being checked by it. */
export type PolicyUse =
  | { readonly kind: 'filter'; readonly action: string; readonly type: string }
  | { readonly kind: 'record'; readonly type: string }
  | ({ readonly kind: 'mask' } & MaskUse);

/** What `@MaskFields` declares. */
export interface MaskUse {
  readonly action: string;
  readonly type: string;
  /** Names that lead to the records in an answer; empty where the answer itself is a record or a list of them. */
  readonly path: readonly string[];
  readonly onHidden: 'mask' | 'refuse';
}

/** Registered: a class may be decorated by the CommonJS build of this package and read by its ES modules. */
const usesKey = Symbol.for('@sallyport/nestjs:policy-uses');

/** Notes what a handler does with the policy. */
export function addPolicyUse(handler: object, use: PolicyUse): void {
  Reflect.defineMetadata(usesKey, [...policyUsesOf(handler), use], handler);
}

/** What a handler does with the policy. */
export function policyUsesOf(handler: object): readonly PolicyUse[] {
  // Only `addPolicyUse` writes under this symbol.
  return (Reflect.getMetadata(usesKey, handler) as readonly PolicyUse[] | undefined) ?? [];
}
