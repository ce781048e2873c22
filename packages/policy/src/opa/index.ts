export { createOpaDecisionPoint } from './opa-decision-point.ts';
export type { OpaDecisionPointOptions } from './opa-options.ts';
export type { OpaInput, OpaSubject } from './opa-input.ts';
