import {
  isAssuranceAtLeast,
  SallyportError,
  type AssuranceLevel,
  type RequestContext,
  type SessionProvider,
} from '@sallyport/core';
import type { User } from '../accounts/user-table.ts';

/**
 * How strong a sign-in must be at least. It is asked before a session is made, and again in the one place where sessions
 * are made, so that no sign-in method can be weaker than an account requires.
 */
export interface RequiredAssurance {
  /** What the roles alone require. */
  ofRoles(roles: readonly string[]): AssuranceLevel;
  /** What an account requires: by its roles, or by what its owner set up. */
  of(user: Pick<User, 'id' | 'roles'>): Promise<AssuranceLevel>;
}

/** What a feature requires of sign-ins, and how it asks for more. */
export interface SignInGate extends RequiredAssurance {
  /**
   * Holds a sign-in whose proof is weaker than the account requires, and asks for more. No session was made.
   *
   * @returns `null` when the authority of the user changed since the proof was looked at: it must be looked at again.
   */
  ask(proof: SignInProof, question: Question, context: RequestContext): Promise<AskedForMore | null>;
  /**
   * Looks at the answer of a program to such a question, and uses the question up where it is right.
   *
   * @returns what is proved now, or `null` where the gate asked no such question or it has expired. Rejects with
   *   `SP_CODE_INVALID`, `SP_SIGN_IN_EXPIRED`, `SP_TOO_MANY_ATTEMPTS`.
   */
  answer(handle: string, answer: FactorAnswer, context: RequestContext): Promise<SignInProof | null>;
  /**
   * Sends what such a question is answered with. Resolves to after how many seconds it can be sent again, or to `null` as
   * `answer` does. Rejects with `SP_NOT_FOUND` for a method of which nothing is sent.
   */
  send(handle: string, method: string, context: RequestContext): Promise<number | null>;
}

/** Whom a gate asks: the person before a browser, which keeps the handle in a cookie, or a program, which keeps it itself. */
export type AskedClient = 'browser' | 'program';

/** How a gate asks. */
export interface Question {
  readonly of: AskedClient;
  /** Called when the question is durable, before it is given out. */
  readonly onAsked: () => Promise<void>;
}

/** What is answered to the question for a second factor. */
export interface FactorAnswer {
  readonly method: string;
  readonly code: string;
}

/** What a sign-in proved so far, and for which account. */
export interface SignInProof {
  /** As it was when the proof was looked at. */
  readonly user: User;
  readonly acr: AssuranceLevel;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** When the user proved it, where that was before. @default now */
  readonly authTime?: Date | undefined;
  /** The identity provider that the first proof came from; for the session that is made in the end. */
  readonly provider?: SessionProvider | undefined;
}

/** The question for more, instead of a session. */
export interface AskedForMore {
  readonly status: 'second-factor-required' | 'second-factor-set-up-required';
  /** With what it can be answered, or what can be set up. */
  readonly methods: readonly string[];
  /** Hands the pending sign-in to the browser. */
  readonly setCookie: string;
  /** The pending sign-in itself, for a program. Good for the client alone that was asked. */
  readonly handle: string;
  readonly expiresInSeconds: number;
}

/** The gates that features registered, as one. */
export interface SignInGates extends RequiredAssurance {
  register(gate: SignInGate): void;
  /** The first gate that requires more than was proved; `undefined` when the proof is enough. */
  find(proof: SignInProof): Promise<SignInGate | undefined>;
  /** The answer of a program, given to the gate that asked. Rejects with `SP_SIGN_IN_EXPIRED` when none did. */
  answer(handle: string, answer: FactorAnswer, context: RequestContext): Promise<SignInProof>;
  /** Has what a program is to answer sent by the gate that asked. Rejects with `SP_SIGN_IN_EXPIRED` when none did. */
  send(handle: string, method: string, context: RequestContext): Promise<number>;
}

/** Builds the place where features register their gates. What the strictest requires is required. */
export function createSignInGates(): SignInGates {
  const gates: SignInGate[] = [];
  const askEach = async <T>(ask: (gate: SignInGate) => Promise<T | null>): Promise<T> => {
    for (const gate of gates) {
      const outcome = await ask(gate);
      if (outcome !== null) return outcome;
    }
    throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'no-pending-sign-in' });
  };
  return {
    register: (gate) => void gates.push(gate),
    ofRoles: (roles) => strongest(gates.map((gate) => gate.ofRoles(roles))),
    of: async (user) => strongest(await Promise.all(gates.map((gate) => gate.of(user)))),
    async find({ user, acr }) {
      for (const gate of gates) {
        if (!isAssuranceAtLeast(acr, await gate.of(user))) return gate;
      }
      return undefined;
    },
    answer: (handle, answer, context) => askEach((gate) => gate.answer(handle, answer, context)),
    send: (handle, method, context) => askEach((gate) => gate.send(handle, method, context)),
  };
}

function strongest(levels: readonly AssuranceLevel[]): AssuranceLevel {
  return levels.reduce((one, other) => (isAssuranceAtLeast(one, other) ? one : other), 'pwd');
}
