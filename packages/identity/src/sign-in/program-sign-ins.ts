import type { Context } from 'hono';
import type { RequestContext } from '@sallyport/core';
import type { IdentityEnvironment } from '../http/identity-request.ts';
import type { AskedForMore, SignInProof } from '../sessions/required-assurance.ts';

/** The program that signs in, as its user will see it in the list of devices. */
export interface ProgramDevice {
  /** As the program calls it; absent for what the user agent says. */
  readonly name: string | undefined;
  readonly userAgent: string;
}

/** How programs are signed in: by the feature that makes tokens, for features that prove who is there in other ways. */
export interface ProgramSignIn {
  /**
   * Begins a sign-in of a program.
   *
   * @returns the answer of RFC 6749, section 5.1; `retry` when the authority of the user changed since the proof was looked
   *   at, `banned` for an account that is banned or gone.
   */
  begin(
    proof: SignInProof,
    program: ProgramDevice,
    context: RequestContext,
    onSettled: () => Promise<void>,
  ): Promise<object | 'retry' | 'banned'>;
  /** The answer where more has to be proved first: 401, and the `mfa_token` that the next request needs. */
  refuseAsked(c: Context<IdentityEnvironment>, asked: AskedForMore): Response;
}

/** The place where the feature that makes tokens registers how programs are signed in. */
export interface ProgramSignIns {
  register(signIn: ProgramSignIn): void;
  /** `undefined` where this installation makes no tokens. */
  current(): ProgramSignIn | undefined;
}

/** Builds the place. @throws TypeError, from `register`, for a second feature. */
export function createProgramSignIns(): ProgramSignIns {
  let registered: ProgramSignIn | undefined;
  return {
    register(signIn) {
      if (registered !== undefined) throw new TypeError('two features sign programs in');
      registered = signIn;
    },
    current: () => registered,
  };
}
