import {
  checkRequirement,
  checkStepUp,
  parseBearerToken,
  SallyportError,
  type Principal,
  type TokenVerifier,
} from '@sallyport/core';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { TOKEN_VERIFIER } from './injection-tokens.ts';
import { rememberPrincipal } from './request-caller.ts';
import { resolveAccess, type Access } from './resolve-access.ts';

type GuardedAccess = Extract<Access, { kind: 'guarded' }>;

interface RequestWithHeaders {
  readonly headers: { readonly authorization?: string };
}

/**
 * The one guard. It verifies the token, then checks what the handler and its controller declare.
 *
 * Nothing declared, or nothing that can be meant, is closed. A token that was verified before is recalled without
 * waiting, so that the answer is synchronous.
 */
@Injectable()
export class SallyportGuard implements CanActivate {
  readonly #verifier: TokenVerifier;
  readonly #accessByHandler = new WeakMap<object, WeakMap<object, Access>>();

  constructor(@Inject(TOKEN_VERIFIER) verifier: TokenVerifier) {
    this.#verifier = verifier;
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    const access = this.#accessOf(context);
    // Only HTTP requests carry a token that this guard can read: elsewhere nothing but public passes.
    if (context.getType<string>() !== 'http') {
      if (access.kind === 'public') return true;
      throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: 'transport-not-guarded' });
    }
    const request = context.switchToHttp().getRequest<RequestWithHeaders>();
    if (access.kind === 'public') return this.#admitAnyone(request);
    if (access.kind !== 'guarded') throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: access.kind });

    const token = parseBearerToken(request.headers.authorization);
    if (token === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
    const recalled = this.#verifier.recall(token);
    if (recalled !== undefined) return admit(request, recalled, access);
    return this.#verifier.verify(token).then((principal) => admit(request, principal, access));
  }

  /** A public route is served whatever the token is worth; a good one still says who is calling. */
  #admitAnyone(request: RequestWithHeaders): true | Promise<true> {
    const header = request.headers.authorization;
    if (header === undefined) return true;
    return this.#identify(request, header);
  }

  async #identify(request: RequestWithHeaders, header: string): Promise<true> {
    try {
      const token = parseBearerToken(header);
      if (token !== undefined) rememberPrincipal(request, await this.#verifier.verify(token));
    } catch {
      // The route is open to everyone: a token that does not hold only means that the caller stays anonymous.
    }
    return true;
  }

  #accessOf(context: ExecutionContext): Access {
    const handler = context.getHandler();
    const controller = context.getClass();
    let byController = this.#accessByHandler.get(handler);
    if (byController === undefined) {
      byController = new WeakMap();
      this.#accessByHandler.set(handler, byController);
    }
    let access = byController.get(controller);
    if (access === undefined) {
      access = resolveAccess(handler, controller);
      byController.set(controller, access);
    }
    return access;
  }
}

function admit(request: object, principal: Principal, { requirements, stepUps }: GuardedAccess): true {
  // Before anything is refused: the line in the log says whom.
  rememberPrincipal(request, principal);
  for (const requirement of requirements) {
    const outcome = checkRequirement(principal, requirement);
    if (outcome.kind === 'not-met') throw new SallyportError('SP_FORBIDDEN', { reason: outcome.reason, requirement });
  }
  for (const stepUp of stepUps) {
    const outcome = checkStepUp(principal, stepUp, Date.now());
    if (outcome.kind === 'not-met') throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: outcome.reason, stepUp });
  }
  return true;
}
