import { SallyportError, type Caller } from '@sallyport/core';
import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { callOf, requestOf } from '../errors/call-of.ts';
import { CallRefusals } from '../errors/call-refusals.ts';
import { toHttpException } from '../errors/sallyport-http-exception.ts';
import { callerOf } from '../request-caller.ts';

/**
 * Builds the `RolesGuard` of tutorials for roles under another key than `'roles'`, such as the `KEY` of a decorator of
 * `Reflector.createDecorator`.
 *
 * @example
 * const Roles = Reflector.createDecorator<string[]>();
 * const RolesGuard = createRolesGuard(Roles.KEY);
 */
export function createRolesGuard(key: string): Type<CanActivate> {
  @Injectable()
  class KeyedRolesGuard implements CanActivate {
    readonly #reflector: Reflector;
    readonly #refusals: CallRefusals | undefined;

    constructor(@Inject(Reflector) reflector: Reflector, @Optional() @Inject(CallRefusals) refusals?: CallRefusals) {
      this.#reflector = reflector;
      this.#refusals = refusals;
    }

    canActivate(context: ExecutionContext): boolean {
      const declared = [context.getHandler(), context.getClass()];
      const roles = this.#reflector.getAllAndOverride<readonly string[] | undefined>(key, declared);
      if (roles === undefined) return true;
      const request: RequestWithUser | undefined = requestOf(context);
      const held = rolesOf(callerOf(callOf(context)), request?.user);
      if (held === undefined)
        throw this.#toException(new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-user' }), context);
      if (roles.some((role) => held.includes(role))) return true;
      throw this.#toException(
        new SallyportError('SP_FORBIDDEN', { reason: 'role-missing', requirement: { roles } }),
        context,
      );
    }

    #toException(error: SallyportError, context: ExecutionContext): Error {
      return this.#refusals?.toException(error, context) ?? toHttpException(error);
    }
  }
  return KeyedRolesGuard;
}

/**
 * The `RolesGuard` that tutorials write, for `SetMetadata('roles', […])`: one of the roles of the handler, or, where it names
 * none, of its controller. It runs after a guard that finds out who is calling.
 *
 * **It is not our `@Roles`.** Roles of a handler take the place of those of its controller here, and add to them there; a
 * handler without roles is open to every caller here, and stops the start there.
 */
export const RolesGuard: Type<CanActivate> = createRolesGuard('roles');

interface RequestWithUser {
  readonly user?: unknown;
}

/** The roles that were verified; those of `request.user` where another strategy than ours found the caller. */
function rolesOf(caller: Caller, user: unknown): readonly string[] | undefined {
  if (caller.kind !== 'anonymous') return caller.roles;
  if (typeof user !== 'object' || user === null) return undefined;
  if ('roles' in user && Array.isArray(user.roles)) return user.roles.map(String);
  return 'role' in user && typeof user.role === 'string' ? [user.role] : [];
}
