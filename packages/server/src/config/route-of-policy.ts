import type { RouteInput } from '@sallyport/core';
import type { ConfigInput } from './config-schema.ts';

type PolicyInput = ConfigInput['policy'];
/** A role of a policy. */
export type RoleIn<P extends PolicyInput> = keyof P['roles'] & string;
type PermissionIn<P extends PolicyInput> = keyof P['permissions'] & string;

/** A permission, all of a resource, or all there are. */
type InterestOf<Permission extends string> =
  Permission | '*' | (Permission extends `${infer Resource}:${string}` ? `${Resource}:*` : never);

/** A route whose access and tokens speak of these names alone. */
export type NamedRoute<Role extends string, Permission extends string, Interest extends string> = Omit<
  RouteInput,
  'access' | 'permissions'
> & {
  access:
    Extract<RouteInput['access'], string> | { roles?: Role[] | undefined; permissions?: Permission[] | undefined };
  permissions?: Interest[] | undefined;
};

/** A route that names roles and permissions of a policy. */
export type RouteOf<P extends PolicyInput> = NamedRoute<RoleIn<P>, PermissionIn<P>, InterestOf<PermissionIn<P>>>;
