import type { Command, ServiceCommandContext } from '@sallyport/core';
import type { OperatorRoles } from '../operator-roles.ts';

/** What commands on roles use of identity. */
export interface RoleServices {
  readonly roles: OperatorRoles;
}

export type RoleCommand = Command<ServiceCommandContext<RoleServices>>;
