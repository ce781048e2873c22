import { SallyportError } from '@sallyport/core';
import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { concatMap, type Observable } from 'rxjs';
import { CallRefusals } from '../errors/call-refusals.ts';
import { refuseCall } from '../errors/refuse-call.ts';
import { callerOfContext } from '../request-caller.ts';
import { isObject } from '../transports/guarded-transport.ts';
import { maskAnswer } from './mask-answer.ts';
import { PolicyDenials } from './policy-denials.ts';
import { policyUsesOf, type MaskUse } from './policy-uses.ts';
import { SallyportAccess } from './sallyport-access.ts';

/** Leaves out of the answers of a handler what `@MaskFields` says. Bound by that decorator alone. */
@Injectable()
export class MaskInterceptor implements NestInterceptor {
  readonly #access: SallyportAccess | undefined;
  readonly #denials: PolicyDenials | undefined;
  readonly #refusals: CallRefusals | undefined;

  // Optional: a test of one controller may build it without the module, and calls its methods itself.
  constructor(
    @Optional() @Inject(SallyportAccess) access?: SallyportAccess,
    @Optional() @Inject(PolicyDenials) denials?: PolicyDenials,
    @Optional() @Inject(CallRefusals) refusals?: CallRefusals,
  ) {
    this.#access = access;
    this.#denials = denials;
    this.#refusals = refusals;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(concatMap((answer: unknown) => this.#mask(answer, context)));
  }

  async #mask(answer: unknown, context: ExecutionContext): Promise<unknown> {
    try {
      if (!isSocketAnswer(answer, context)) return this.#apply(answer, context);
      return { ...answer, data: this.#apply(answer.data, context) };
    } catch (error) {
      return refuseCall(error, context, this.#refusals);
    }
  }

  #apply(answer: unknown, context: ExecutionContext): unknown {
    const uses = policyUsesOf(context.getHandler()).filter((use) => use.kind === 'mask');
    return uses.reduce((masked, use) => this.#applyOne(masked, use, context), answer);
  }

  #applyOne(answer: unknown, use: MaskUse, context: ExecutionContext): unknown {
    const [service, denials] = [this.#access, this.#denials];
    if (service === undefined || denials === undefined)
      throw new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' });
    const caller = callerOfContext(context);
    const { action, type } = use;
    return maskAnswer(answer, {
      ...use,
      policy: service.policy,
      access: service.of(caller),
      deny: (record, hidden) => denials.refuse({ caller, action, type, record, hidden, onDeny: 403, context }),
    });
  }
}

interface SocketAnswer {
  readonly event: unknown;
  readonly data: unknown;
}

/** A handler of a WebSocket gateway answers with an event and its data. */
function isSocketAnswer(answer: unknown, context: ExecutionContext): answer is SocketAnswer {
  return context.getType<string>() === 'ws' && isObject(answer) && 'event' in answer && 'data' in answer;
}
