import { SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type { User } from '../../accounts/user-table.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { CodeLimiter, CodeUse } from './code-limiter.ts';
import { isSentMethod, type CodeMethod, type FactorMethod } from './factor-method.ts';
import type { Factor, FactorTable } from './factor-table.ts';
import type { OneTimeCodes } from './one-time-codes.ts';
import type { RecoveryCodes } from './recovery-codes.ts';
import { findTotpStep } from './totp.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';
import type { SecondFactorMail } from './second-factor-mails.ts';

/** A code that a user typed. */
export interface TypedCode {
  readonly user: User;
  readonly method: CodeMethod;
  readonly code: string;
  /** The browser, when the account was signed in to on it before. */
  readonly device: string | null;
  /** What a sent code was sent for. */
  readonly purpose: string;
  /** The sign-in that it is to complete, if any. */
  readonly pendingId?: string;
}

/**
 * Checks codes, and uses them up. Rejects with `SP_CODE_INVALID`; with `SP_SIGN_IN_EXPIRED` when it was the last try of a
 * sign-in (which the caller then voids); with `SP_TOO_MANY_ATTEMPTS`; with `SP_STORE_UNAVAILABLE`, and then nothing counted.
 */
export interface CodeCheck {
  /** A code of a factor that counts, or a recovery code. */
  require(typed: TypedCode, context: RequestContext): Promise<void>;
  /** The first code of a factor that was begun. Resolves to the time step that it used, 0 where there are none. */
  requireFirst(begun: Factor, typed: TypedCode, context: RequestContext): Promise<number>;
}

export interface CodeCheckOptions {
  readonly factors: FactorTable;
  readonly recoveryCodes: RecoveryCodes;
  readonly codes: OneTimeCodes;
  readonly limiter: CodeLimiter;
  /** Methods that are switched on. */
  readonly methods: readonly FactorMethod[];
  readonly events: SecurityEventLog<SecondFactorEvent>;
  readonly mailer: AccountMailer<SecondFactorMail>;
  readonly now: () => Date;
}

export function createCodeCheck(options: CodeCheckOptions): CodeCheck {
  const { factors, recoveryCodes, codes, limiter, methods, events, mailer, now } = options;

  const noteRefusal = (typed: TypedCode, reason: string, context: RequestContext): Promise<void> =>
    events.append({
      type: 'second-factor.refused',
      at: now(),
      outcome: 'refused',
      target: typed.user.id,
      ...whereOf(context),
      details: { method: typed.method, reason },
    });

  /** Counts first, looks after: and counts nothing when what it needs to look at cannot be read. */
  const guard = async (
    typed: TypedCode,
    use: CodeUse,
    context: RequestContext,
    isRight: () => Promise<boolean>,
  ): Promise<void> => {
    const { user, device, pendingId } = typed;
    const attempt = { account: user, device, use, pendingId };
    const counted = await limiter.countTry(attempt);
    if (counted.kind === 'used-up') throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'tries-used-up' });
    if (counted.kind === 'limited') {
      const { isFirst, retryAfterSeconds } = counted;
      if (isFirst) {
        await noteRefusal(typed, 'too-many-attempts', context);
        // A user who sets a factor up has its secret before them: there is nothing to guess.
        if (use !== 'set-up') await mailer.send('codes-guessed', user);
      }
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'code-guessing', retryAfterSeconds });
    }
    if (await isRight()) return limiter.forgetTries(attempt);
    await noteRefusal(typed, 'code-invalid', context);
    if (counted.isLast) throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'tries-used-up' });
    throw new SallyportError('SP_CODE_INVALID', { reason: 'code-invalid' });
  };

  const consumeRecoveryCode = async ({ user, code }: TypedCode, context: RequestContext): Promise<boolean> => {
    const left = await recoveryCodes.consume(user.id, code);
    if (left === null) return false;
    await events.append({
      type: 'second-factor.recovery-code-used',
      at: now(),
      outcome: 'success',
      actor: user.id,
      target: user.id,
      ...whereOf(context),
      details: { left },
    });
    await mailer.send('recovery-code-used', user);
    return true;
  };

  return {
    async require(typed, context) {
      const { user, method, code, purpose } = typed;
      if (method === 'recovery-code')
        return guard(typed, 'recovery-code', context, () => consumeRecoveryCode(typed, context));
      const factor = methods.includes(method) ? await factors.find(user.id, method) : null;
      return guard(typed, 'code', context, async () => {
        if (factor === null) return false;
        if (isSentMethod(method)) return codes.consume(purpose, method, toDigits(code));
        const step = findTotpStep(factor.value, toDigits(code), now());
        return step !== null && (await factors.claimStep(factor, step));
      });
    },
    async requireFirst(begun, typed, context) {
      const { method, code, purpose } = typed;
      let step: number | null = null;
      await guard(typed, 'set-up', context, async () => {
        step = isSentMethod(begun.method)
          ? (await codes.consume(purpose, begun.method, toDigits(code)))
            ? 0
            : null
          : findTotpStep(begun.value, toDigits(code), now());
        return step !== null && method === begun.method;
      });
      return step ?? 0;
    },
  };
}

/** Apps and messages show codes in groups, and so people type them. */
function toDigits(code: string): string {
  return code.replace(/[\s-]/g, '');
}
