import { isAssuranceAtLeast, type AssuranceLevel, type RequestContext } from '@sallyport/core';
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
  ask(proof: SignInProof, context: RequestContext, onAsked: () => Promise<void>): Promise<AskedForMore | null>;
}

/** What a sign-in proved so far, and for which account. */
export interface SignInProof {
  /** As it was when the proof was looked at. */
  readonly user: User;
  readonly acr: AssuranceLevel;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/** The question for more, instead of a session. */
export interface AskedForMore {
  readonly status: 'second-factor-required' | 'second-factor-set-up-required';
  /** With what it can be answered, or what can be set up. */
  readonly methods: readonly string[];
  /** Hands the pending sign-in to the browser. */
  readonly setCookie: string;
}

/** The gates that features registered, as one. */
export interface SignInGates extends RequiredAssurance {
  register(gate: SignInGate): void;
  /** The first gate that requires more than was proved; `undefined` when the proof is enough. */
  find(proof: SignInProof): Promise<SignInGate | undefined>;
}

/** Builds the place where features register their gates. What the strictest requires is required. */
export function createSignInGates(): SignInGates {
  const gates: SignInGate[] = [];
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
  };
}

function strongest(levels: readonly AssuranceLevel[]): AssuranceLevel {
  return levels.reduce((one, other) => (isAssuranceAtLeast(one, other) ? one : other), 'pwd');
}
