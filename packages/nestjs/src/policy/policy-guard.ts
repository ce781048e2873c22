import { SallyportError } from '@sallyport/core';
import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { AnyPolicy, PointDecision } from '@sallyport/policy';
import { accessOf } from '../access/resolve-access.ts';
import { CallRefusals } from '../errors/call-refusals.ts';
import { refuseCall } from '../errors/refuse-call.ts';
import { callerOfContext } from '../request-caller.ts';
import { rememberCheckedRecord } from './checked-record.ts';
import { requireJudgeable, toPlainRecord, type PlainRecord } from './judgeable-record.ts';
import { PolicyDenials } from './policy-denials.ts';
import { toPolicyCall } from './policy-call.ts';
import type { PolicyCheck } from './policy-check.ts';
import { policyUsesOf } from './policy-uses.ts';
import { SallyportAccess } from './sallyport-access.ts';

/** Calls that were checked: the guard runs as often as it is bound, and a record is loaded once. */
const checked = new WeakSet<ExecutionContext>();

/** Asks the policy what `@CheckPolicies` declares. Bound by that decorator alone, after the guard that finds out who calls. */
@Injectable()
export class PolicyGuard implements CanActivate {
  readonly #providers: ModuleRef;
  readonly #access: SallyportAccess | undefined;
  readonly #denials: PolicyDenials | undefined;
  readonly #refusals: CallRefusals | undefined;

  // Optional: a test of one controller may build it without the module, and calls its methods itself.
  constructor(
    @Inject(ModuleRef) providers: ModuleRef,
    @Optional() @Inject(SallyportAccess) access?: SallyportAccess,
    @Optional() @Inject(PolicyDenials) denials?: PolicyDenials,
    @Optional() @Inject(CallRefusals) refusals?: CallRefusals,
  ) {
    this.#providers = providers;
    this.#access = access;
    this.#denials = denials;
    this.#refusals = refusals;
  }

  async canActivate(context: ExecutionContext): Promise<true> {
    if (checked.has(context)) return true;
    try {
      await this.#check(context);
    } catch (error) {
      return refuseCall(error, context, this.#refusals);
    }
    checked.add(context);
    return true;
  }

  async #check(context: ExecutionContext): Promise<void> {
    const access = accessOf(context.getHandler(), context.getClass());
    if (access.kind === 'public' || access.kind === 'elsewhere') return;
    if (access.kind === 'undeclared' || access.kind === 'contradictory')
      throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: access.kind });
    if (access.kind === 'guarded' && callerOfContext(context).kind === 'anonymous')
      throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-token' });
    for (const check of access.policies) await this.#ask(check, context);
  }

  async #ask(check: PolicyCheck, context: ExecutionContext): Promise<void> {
    const service = this.#access;
    // Without the module nothing can be found out, and so nothing is let in.
    if (service === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' });
    const { action, type } = check;
    const access = service.of(callerOfContext(context));
    const isList = check.load === undefined && isFiltered(check, context);
    // Before anything is loaded: which records there are is no matter of a caller who may do this with none of them.
    if ((isList || service.decisionPoint === undefined) && !access.canAny(action, type))
      throw this.#denial(check, {}, context);
    if (check.load === undefined) {
      // The start saw to it that the handler filters, or that no rule looks at a record.
      if (!isList) await this.#require(service, check, {}, context);
      return;
    }
    const record = await this.#load(check.load, context);
    if (record === null || record === undefined)
      throw new SallyportError('SP_NOT_FOUND', { reason: 'record-not-found' });
    const plain = judge(service.policy, check, record);
    await this.#require(service, check, plain, context);
    rememberCheckedRecord(context, type, record);
  }

  /** Asks the decision point of the options about a record, or the policy file where there is none. */
  async #require(
    service: SallyportAccess,
    check: PolicyCheck,
    record: object,
    context: ExecutionContext,
  ): Promise<void> {
    const { action, type } = check;
    const caller = callerOfContext(context);
    const point = service.decisionPoint;
    if (point === undefined) {
      if (!service.of(caller).can(action, type, record)) throw this.#denial(check, record, context);
      return;
    }
    // Where it has no answer it rejects with 503: that is no denial, and is not recorded as one.
    const decided = await point.decide({ caller, action, type, record });
    if (!decided.isAllowed) throw this.#denial(check, record, context, decided);
  }

  #load(load: NonNullable<PolicyCheck['load']>, context: ExecutionContext): unknown {
    const call = toPolicyCall(context);
    if (typeof load === 'function') return load(call);
    // What `loadFrom` was given says of which type it is.
    const provider = this.#providers.get<never>(load.provider, { strict: false });
    return load.load(provider, call);
  }

  #denial(
    { action, type, onDeny }: PolicyCheck,
    record: object,
    context: ExecutionContext,
    decided?: PointDecision,
  ): Error {
    const caller = callerOfContext(context);
    const refused = decided === undefined ? {} : { decided };
    return (
      this.#denials?.refuse({ caller, action, type, record, onDeny, context, ...refused }) ??
      new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' })
    );
  }
}

/** @throws `SP_INTERNAL`, or `SP_REQUEST_INVALID` where the caller sent the record: it is to be created. */
function judge(policy: AnyPolicy, { action, type }: PolicyCheck, record: unknown): PlainRecord {
  try {
    const plain = toPlainRecord(policy, type, record);
    requireJudgeable(policy, action, type, plain);
    return plain;
  } catch (error) {
    const isOfCaller = action === 'create' && error instanceof SallyportError;
    throw isOfCaller
      ? new SallyportError('SP_REQUEST_INVALID', { reason: 'record-not-judgeable', cause: error })
      : error;
  }
}

function isFiltered({ action, type }: PolicyCheck, context: ExecutionContext): boolean {
  return policyUsesOf(context.getHandler()).some(
    (use) => use.kind === 'filter' && use.action === action && use.type === type,
  );
}
