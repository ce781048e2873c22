import { SallyportError } from '@sallyport/core';
import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, AuthModuleOptions } from '@nestjs/passport';
import { requestOf } from '../errors/call-of.ts';
import { CallRefusals } from '../errors/call-refusals.ts';
import { toHttpException } from '../errors/sallyport-http-exception.ts';
import { accessOf } from '../access/resolve-access.ts';

/** The key under which tutorials mark a handler that is open: `SetMetadata('isPublic', true)`. */
const isPublicKey = 'isPublic';

const JwtGuard = AuthGuard('jwt');

/**
 * `AuthGuard('jwt')` as tutorials extend it: a handler or controller with `SetMetadata('isPublic', true)`, or with our
 * `@Public(reason)`, is open; the others ask the strategy `jwt`. A refusal has its code, its challenge and, where the module
 * is there, its line in the log; a key endpoint that is away is 503.
 *
 * Unlike the guard of `SallyportModule` it protects where it is bound and nowhere else, and nothing checks at the start that
 * no handler was forgotten.
 *
 * @example
 * \@UseGuards(JwtAuthGuard)
 * \@Get('profile')
 * profile(@Req() request) {
 *   return request.user;
 * }
 */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  readonly #guard: CanActivate;
  readonly #reflector: Reflector;
  readonly #refusals: CallRefusals | undefined;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Optional() @Inject(CallRefusals) refusals?: CallRefusals,
    // Of `PassportModule.register`, such as another name than `user`.
    @Optional() @Inject(AuthModuleOptions) options?: AuthModuleOptions,
  ) {
    this.#reflector = reflector;
    this.#refusals = refusals;
    const refuse = (error: unknown, context: ExecutionContext): Error => this.#toException(error, context);
    this.#guard = new (class extends JwtGuard {
      override getRequest(context: ExecutionContext): object | undefined {
        return requestOf(context);
      }

      override handleRequest<User>(error: unknown, user: User, info: unknown, context: ExecutionContext): User {
        if (!error && user) return user;
        throw refuse(error ?? info, context);
      }
    })(options);
  }

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    return this.#isOpen(context) || this.#guard.canActivate(context);
  }

  #isOpen(context: ExecutionContext): boolean {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    if (this.#reflector.getAllAndOverride<unknown>(isPublicKey, [handler, controller]) === true) return true;
    return accessOf(handler, controller).kind === 'public';
  }

  #toException(thrown: unknown, context: ExecutionContext): Error {
    // A strategy of the application may fail with anything at all, or with nothing.
    const error = thrown instanceof Error ? thrown : new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-user' });
    if (this.#refusals !== undefined) return this.#refusals.toException(error, context);
    return error instanceof SallyportError ? toHttpException(error) : error;
  }
}
