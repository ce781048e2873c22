import type { CredentialKind, StepUp as StepUpRequirement } from '@sallyport/core';
import { declare } from './declare.ts';
import type { OrgRoleName } from './org-role-name.ts';
import type { PermissionName } from './permission-name.ts';

/**
 * Opens a handler, or every handler of a controller, to anonymous callers. On a handler it sets aside what its
 * controller asks for. A token that does not hold is ignored here: the caller is then anonymous.
 *
 * @param reason why this may be open; for the reviewer, and for the list of routes. An empty one stops the start.
 */
export function Public(reason: string): ClassDecorator & MethodDecorator {
  return declare({ kind: 'public', reason });
}

/**
 * Opens a handler to anonymous callers, and tells it who the others are. On a handler it sets aside what its controller
 * asks for. Unlike under `@Public`, a credential that does not hold is refused: its owner would otherwise be served as a
 * stranger, and not know why.
 *
 * @example
 * `@OptionalAuth() @Get() list(@CurrentPrincipal() caller: Caller) {}`
 */
export function OptionalAuth(): ClassDecorator & MethodDecorator {
  return declare({ kind: 'optional' });
}

/** Asks for a caller that the gateway knows, with any role. */
export function Authenticated(): ClassDecorator & MethodDecorator {
  return declare({ kind: 'authenticated' });
}

/** Asks for one of these roles. Adds to what the controller asks for. */
export function Roles(...roles: readonly string[]): ClassDecorator & MethodDecorator {
  return declare({ kind: 'roles', roles });
}

/**
 * Asks for all of these permissions, such as `product:create`; with `{ any: [...] }` for one of them. Adds to what the
 * controller asks for. A name that is no permission is a type error ({@link PermissionName}), and stops the start.
 *
 * @example
 * `@Permissions('order:read', 'order:refund')`
 * @example
 * `@Permissions({ any: ['order:read', 'report:read'] })`
 */
export function Permissions(
  ...permissions: readonly PermissionName[] | readonly [{ readonly any: readonly PermissionName[] }]
): ClassDecorator & MethodDecorator {
  const [first] = permissions;
  if (typeof first === 'object') return declare({ kind: 'any-permission', permissions: first.any });
  // What is not the object is the list.
  return declare({ kind: 'permissions', permissions: permissions as readonly PermissionName[] });
}

/**
 * Asks for a caller who has an organization active, with any role in it. `@CurrentOrg()` gives the handler which one: read
 * and write records of that one alone.
 */
export function OrgMember(): ClassDecorator & MethodDecorator {
  return declare({ kind: 'org-member' });
}

/**
 * Asks for one of these roles inside the organization that the caller has active. Adds to what the controller asks for.
 *
 * It is not `@Roles`: a role of the whole deployment is never one of an organization, nor the other way round, whatever
 * they are called.
 *
 * @example
 * `@OrgRoles('owner', 'billing') @Get('invoices') invoices(@CurrentOrg() { id }: CurrentOrganization) {}`
 */
export function OrgRoles(...roles: readonly OrgRoleName[]): ClassDecorator & MethodDecorator {
  return declare({ kind: 'org-roles', roles });
}

/** Asks for a machine: the caller is a service account or another service, and no user. */
export function ServiceOnly(): ClassDecorator & MethodDecorator {
  return declare({ kind: 'services' });
}

/**
 * Takes these credentials and no others, by the names of the gateway's routes: `session`, `bearer` (an access token that
 * is a JWT), `opaque`, `api-key`, `mtls`, `webhook`. It says nothing about who may call: `@Permissions`, `@Roles`,
 * `@Authenticated`, `@ServiceOnly` or `@OptionalAuth` must stand beside it, on the handler or on its controller. On a
 * handler it sets aside the list of its controller.
 *
 * An API key that comes to this service itself, and not through the gateway, is read only where it is named here.
 *
 * @example
 * `@Accepts('api-key', 'session') @Permissions('report:read') @Get() report() {}`
 */
export function Accepts(...credentials: readonly CredentialKind[]): ClassDecorator & MethodDecorator {
  return declare({ kind: 'accepts', credentials });
}

/**
 * Asks for a client certificate (`certificates` of the module must be set). `'alone'`: the certificate says who calls, and a
 * token is not taken beside it. `'with-token'`: the token says who calls, over a connection with the certificate that it is
 * bound to, or with one of `tokensFrom`; either alone is refused.
 *
 * It says nothing about who may call: `@ServiceOnly`, `@Permissions`, `@Roles` or `@Authenticated` must stand beside it, on the
 * handler or on its controller. On a handler it sets aside that of its controller.
 *
 * @example
 * `@MutualTls('alone') @Permissions('order:read') @Get('report') report() {}`
 */
export function MutualTls(use: 'alone' | 'with-token'): ClassDecorator & MethodDecorator {
  return declare({ kind: 'mutual-tls', use });
}

/**
 * Asks for a sign-in of at least this strength, and not older than this: `@StepUp({ acr: 'mfa', maxAgeSeconds: 300 })`.
 * Refused with `SP_STEP_UP_REQUIRED` and the challenge of RFC 9470. It says nothing about who may call: `@Permissions`,
 * `@Roles` or `@Authenticated` must stand beside it, on the handler or on its controller.
 */
export function StepUp(stepUp: StepUpRequirement): ClassDecorator & MethodDecorator {
  return declare({ kind: 'step-up', stepUp });
}

/**
 * Leaves a handler, or every handler of a class, to something else: a guard of the team, the signature of a webhook. The
 * guard of Sallyport lets every call pass and looks at no token. On a handler it sets aside what its class asks for.
 *
 * @param by what guards it instead; for the reviewer, and for the list of routes. An empty one stops the start.
 * @example
 * `@GuardedElsewhere('by StripeSignatureGuard') @Post('stripe') receive() {}`
 */
export function GuardedElsewhere(by: string): ClassDecorator & MethodDecorator {
  return declare({ kind: 'elsewhere', by });
}
