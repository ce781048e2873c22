export { accessFor, type PolicyCaller } from './access/access-for.ts';
export type { AccessFilter } from './access/access-filter.ts';
export type { Access } from './access/access.ts';
export type { WriteDecision } from './access/check-write.ts';
export type { Decision } from './access/decision.ts';
export type { Explanation, RuleTrace, WayToAllow } from './access/explanation.ts';
export type { PackedAccess } from './access/packed-form.ts';
export type { RuleReference } from './access/rule.ts';
export { unpackAccess } from './access/unpack-access.ts';
export type { Scalar } from './conditions/test.ts';
export type { MongoFilter, MongoOptions } from './conditions/to-mongo.ts';
export type { SqlFilter, SqlOptions } from './conditions/to-sql.ts';
export type { DecisionPoint, DecisionQuestion, PointDecision } from './decisions/decision-point.ts';
export { createLocalDecisionPoint } from './decisions/local-decision-point.ts';
export { definePolicy, type Policy, type PolicyDefinition } from './definition/define-policy.ts';
export { findPolicyProblems } from './definition/find-policy-problems.ts';
export { parsePolicy } from './definition/parse-policy.ts';
export type {
  ActionOf,
  AnyPolicy,
  Condition,
  FieldOf,
  OrganizationRoleOf,
  PermissionOf,
  PolicyRule,
  RecordOf,
  RoleOf,
  RuleTexts,
  SubjectField,
  TypeOf,
} from './definition/policy.ts';
export type { PolicyProblem } from './definition/problems.ts';
export type { FieldType, RecordType } from './definition/record-types.ts';
export { isPermission } from '@sallyport/core/browser';
