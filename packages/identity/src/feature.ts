import type { Hono } from 'hono';
import type { Policy, RecordTable, SealedColumn } from '@sallyport/core';
import type { IdentityEnvironment } from './http/identity-request.ts';
import type { IdentityKernel } from './kernel.ts';
import type { SignInGate } from './sessions/required-assurance.ts';

/**
 * One capability of identity. What it needs stands in its own folder, and the composition reads it from here. A feature
 * imports the kernel and no other feature.
 */
export interface Feature<Config, Built extends BuiltFeature = BuiltFeature> {
  readonly tables?: readonly RecordTable[];
  readonly sealedColumns?: readonly SealedColumn[];
  /** Refuses a configuration that cannot work, before anything is opened. @throws OptionsError */
  readonly requireConfig?: (config: Config, policy: Policy) => void;
  readonly create: (kernel: IdentityKernel, config: Config) => Built;
}

/** A feature, built on the kernel. */
export interface BuiltFeature {
  /** Served below `/auth`. */
  readonly routes: readonly Hono<IdentityEnvironment>[];
  /** What it requires of sign-ins, before a session is made. */
  readonly gate?: SignInGate;
}
