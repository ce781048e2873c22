/* What a browser may load: rules and names only, no verification, no schema library, no Node built-in. */
export type { StepUp } from './assurance.ts';
export { errorCatalog, isErrorCode, type ErrorCatalogEntry, type ErrorCode } from './error-catalog.ts';
export { isPermission, selectPermissions } from './permission.ts';
export { definePolicy, type Policy } from './policy.ts';
export type {
  Anonymous,
  AssuranceLevel,
  Caller,
  Principal,
  Profile,
  ServicePrincipal,
  UserPrincipal,
} from './principal.ts';
export type { Problem } from './problem.ts';
export { checkRequirement, type Requirement, type RequirementOutcome } from './requirement.ts';
