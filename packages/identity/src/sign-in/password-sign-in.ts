import { networkOf, retryContended, SallyportError, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import type * as z from 'zod';
import type { DeviceTrust } from '../accounts/device-trust.ts';
import type { Guess, GuessLimiter } from '../accounts/guess-limiter.ts';
import type { User, UserTable } from '../accounts/user-table.ts';
import type { Engine } from '../engine/better-auth-engine.ts';
import { signInMethods } from '../engine/sign-in-methods.ts';
import { whereOf } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import type { PasswordHashing } from '../hashing/password-hashing.ts';
import type { EventLoopPacing } from '../http/event-loop-pacing.ts';
import { readBody } from '../http/request-body.ts';
import type { AskedClient, AskedForMore, SignInGates, SignInProof } from '../sessions/required-assurance.ts';

export interface PasswordSignInParts {
  readonly users: UserTable;
  readonly guesses: GuessLimiter;
  readonly devices: DeviceTrust;
  readonly engine: Engine;
  readonly gates: SignInGates;
  readonly hashing: PasswordHashing;
  readonly pacing: EventLoopPacing;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
}

/** A sign-in with a password, whatever it ends with. */
export interface PasswordSignIn<Made> {
  readonly email: string;
  readonly password: string;
  /** What a browser presented as its device cookie; empty for none. */
  readonly presentedDevice: string;
  /** Whom a gate asks for more. */
  readonly client: AskedClient;
  readonly context: RequestContext;
  /**
   * Makes what the sign-in ends with, once no gate asks for more. `retry` when the authority of the user changed since the
   * password was looked at. It calls `onSettled` when what it made is good.
   */
  readonly make: (proof: SignInProof, onSettled: () => Promise<void>) => Promise<Made | 'retry' | 'banned'>;
}

/** What a right password leads to: what was made, or the question for the second factor. */
export type PasswordSignInOutcome<Made> =
  { readonly kind: 'made'; readonly made: Made } | ({ readonly kind: 'asked' } & AskedForMore);

type Refusal = {
  readonly kind: 'refused';
  readonly reason: 'credentials-invalid' | 'email-unverified' | 'banned';
};

const contention = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;

/** Reads the body of a sign-in: not at all while there is no room to hash the password that it holds. */
export async function readSignIn<Schema extends z.ZodType>(
  { hashing, pacing }: Pick<PasswordSignInParts, 'hashing' | 'pacing'>,
  request: Request,
  schema: Schema,
  { clientAddress }: RequestContext,
): Promise<z.infer<Schema>> {
  // A body that nothing can be done about is not read.
  hashing.requireRoom(clientAddress);
  const body = await readBody(request, schema);
  // Many bodies may have arrived at once, whenever their requests did.
  await pacing.nextTurn(networkOf(clientAddress));
  hashing.requireRoom(clientAddress);
  return body;
}

/**
 * Signs in with a password: the one place where that is done, for browsers and for programs. Limits on guessing, the
 * proof of the address, bans and the gates of features are the same for both.
 *
 * Rejects with `SP_CREDENTIALS_INVALID`, `SP_EMAIL_UNVERIFIED`, `SP_TOO_MANY_ATTEMPTS`, and with what `make` rejects with.
 */
export async function signInWithPassword<Made>(
  parts: PasswordSignInParts,
  signIn: PasswordSignIn<Made>,
): Promise<PasswordSignInOutcome<Made>> {
  const { users, guesses, devices } = parts;
  const { email, presentedDevice, context } = signIn;
  const user = await users.findByEmail(email);
  const device = devices.find(presentedDevice, user);
  const guess = await guesses.begin({ account: email, address: context.clientAddress, device });
  if (guess.kind === 'limited') {
    if (guess.isFirst) await noteRefusal(parts, context, 'too-many-attempts', user);
    const { retryAfterSeconds } = guess;
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'guessing', retryAfterSeconds });
  }
  try {
    return await signInOnce(parts, signIn, guess);
  } finally {
    // A failure of ours is not a wrong password. Does nothing when it was one.
    await guess.abandoned();
  }
}

async function signInOnce<Made>(
  parts: PasswordSignInParts,
  signIn: PasswordSignIn<Made>,
  guess: Guess,
): Promise<PasswordSignInOutcome<Made>> {
  const { users } = parts;
  const { email, context } = signIn;
  return retryContended(contention, async () => {
    const user = await users.findByEmail(email);
    const outcome = await tryPassword(parts, signIn, user, guess);
    if (outcome === 'retry') return outcome;
    if (outcome.kind !== 'refused') return outcome;
    await noteRefusal(parts, context, outcome.reason, user);
    const isUnverified = outcome.reason === 'email-unverified';
    throw new SallyportError(isUnverified ? 'SP_EMAIL_UNVERIFIED' : 'SP_CREDENTIALS_INVALID', {
      reason: outcome.reason,
    });
  });
}

/** @returns `retry` when the authority of the user changed on the way: the password must be looked at again. */
async function tryPassword<Made>(
  { engine, gates }: PasswordSignInParts,
  { email, password, client, context, make }: PasswordSignIn<Made>,
  user: User | null,
  guess: Guess,
): Promise<PasswordSignInOutcome<Made> | Refusal | 'retry'> {
  const check = await engine.checkPassword(email, password);
  if (check.kind === 'credentials-invalid') await guess.failed();
  if (check.kind !== 'right') return { kind: 'refused', reason: check.kind };
  if (user?.id !== check.userId) return 'retry';
  if (user.isBanned) return { kind: 'refused', reason: 'banned' };
  // Before a gate asks for more: what comes after it knows nothing of the password.
  await engine.renewOutdatedHash(check.userId, password);

  const proof = { user, ...signInMethods.password };
  const onAsked = (): Promise<void> => guess.succeeded();
  const gate = await gates.find(proof);
  if (gate !== undefined) {
    const asked = await gate.ask(proof, { of: client, onAsked }, context);
    return asked === null ? 'retry' : { kind: 'asked', ...asked };
  }
  const made = await make(proof, onAsked);
  if (made === 'retry') return 'retry';
  return made === 'banned' ? { kind: 'refused', reason: 'banned' } : { kind: 'made', made };
}

async function noteRefusal(
  { events, now }: PasswordSignInParts,
  context: RequestContext,
  reason: string,
  user: User | null,
): Promise<void> {
  await events.append({
    type: 'sign-in.refused',
    at: now(),
    outcome: 'refused',
    ...(user === null ? {} : { target: user.id }),
    ...whereOf(context),
    details: { reason },
  });
}
