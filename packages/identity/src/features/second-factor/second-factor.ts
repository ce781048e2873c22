import type { Counters, Records, SealerFor, SecurityEventLog, SessionCookie } from '@sallyport/core';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { CodeMessages } from './code-messages.ts';
import type { MailQueue } from '../../mail/mail-queue.ts';
import { createCodeCheck, type CodeCheck } from './code-check.ts';
import { createCodeLimiter } from './code-limiter.ts';
import { createCodeSender, type SendCode } from './code-sender.ts';
import type { FactorMethod } from './factor-method.ts';
import { createFactorTable, type FactorTable } from './factor-table.ts';
import { createOneTimeCodes } from './one-time-codes.ts';
import { createPendingCookie, type PendingCookie } from './pending-cookie.ts';
import { createPendingSignIns, type PendingSignIns } from './pending-sign-ins.ts';
import { createRecoveryCodes, type RecoveryCodes } from './recovery-codes.ts';
import type { ProviderSignIns } from '../../sessions/provider-sign-ins.ts';
import type { SecondFactorConfig } from './second-factor-config.ts';
import { factorSealingPurpose } from './sealed-factor-column.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';
import type { SecondFactorMail } from './second-factor-mails.ts';

/** The parts of the second factor, from which the routes take what they need. */
export interface SecondFactor {
  readonly methods: readonly FactorMethod[];
  /** Who codes are for, in authenticator apps. */
  readonly issuer: () => string;
  readonly factors: FactorTable;
  readonly recoveryCodes: RecoveryCodes;
  readonly pending: PendingSignIns;
  readonly pendingCookie: PendingCookie;
  readonly check: CodeCheck;
  readonly sendCode: SendCode;
}

export interface SecondFactorOptions {
  readonly config: SecondFactorConfig;
  readonly issuer: () => string;
  readonly cookie: SessionCookie;
  readonly records: Records;
  readonly counters: Counters;
  readonly sealerFor: SealerFor;
  readonly hashing: PasswordHashing;
  readonly messages: CodeMessages;
  readonly queue: MailQueue;
  readonly mailer: AccountMailer<SecondFactorMail>;
  readonly events: SecurityEventLog<SecondFactorEvent>;
  readonly providerSignIns: Pick<ProviderSignIns, 'isOver'>;
  readonly now: () => Date;
}

/** Puts the second factor together. */
export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  const { config, issuer, cookie, records, counters, sealerFor, hashing, messages, queue, mailer, events, now } =
    options;
  const { providerSignIns } = options;
  const { methods } = config;
  const sealer = sealerFor(factorSealingPurpose);
  const factors = createFactorTable(records, sealer, now);
  const recoveryCodes = createRecoveryCodes(records, sealer, hashing, now);
  const codes = createOneTimeCodes(records, sealerFor('one-time-code'), now);
  const limiter = createCodeLimiter(counters, sealerFor('counter-key'));
  return {
    methods,
    issuer,
    factors,
    recoveryCodes,
    pending: createPendingSignIns(records, sealerFor('pending-sign-in'), providerSignIns, now),
    pendingCookie: createPendingCookie(cookie),
    check: createCodeCheck({ factors, recoveryCodes, codes, limiter, methods, events, mailer, now }),
    sendCode: createCodeSender({ codes, limiter, messages, queue, events, now }),
  };
}
