import type { ResolvedType } from './resolved-rule.ts';

/** What {@link Access.pack} makes and {@link unpackAccess} reads: JSON, of the same version of this package. */
export interface PackedAccess {
  readonly version: 1;
  readonly types: Readonly<Record<string, ResolvedType>>;
}
