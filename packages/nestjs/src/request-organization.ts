import { anonymous, SallyportError } from '@sallyport/core';
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { callerOf } from './request-caller.ts';
import { transportOf } from './transports/transport-of.ts';

/** The organization that a caller has active. */
export interface CurrentOrganization {
  readonly id: string;
  /** The caller's roles inside it: never those of the whole deployment. */
  readonly roles: readonly string[];
}

/**
 * Gives a handler the organization that its caller has active, in every transport. It comes from the verified token alone:
 * no header, path or body says which organization a call is in.
 *
 * A handler gets one or is not run: a query by an organization that is `undefined` finds the records of all of them in
 * some stores. Where a caller may have none, `@CurrentPrincipal()` tells `org`.
 *
 * @throws `SP_FORBIDDEN` where none is active and the handler does not ask for one by `@OrgMember` or `@OrgRoles`;
 *   `SP_UNAUTHENTICATED` for an anonymous caller.
 * @example
 * `@OrgMember() @Get() list(@CurrentOrg() { id }: CurrentOrganization) { return this.orders.ofOrganization(id); }`
 */
export const CurrentOrg: (...pipes: readonly (Type<PipeTransform> | PipeTransform)[]) => ParameterDecorator =
  // Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
  createParamDecorator((_data: undefined, context: ExecutionContext): CurrentOrganization => {
    const call = transportOf(context.getType<string>())?.callOf(context);
    const caller = call === undefined ? anonymous : callerOf(call);
    if (caller.kind === 'anonymous') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
    if (caller.org === undefined)
      throw new SallyportError('SP_FORBIDDEN', { reason: 'organization-missing', requirement: { org: true } });
    return { id: caller.org, roles: caller.orgRoles ?? [] };
  });
