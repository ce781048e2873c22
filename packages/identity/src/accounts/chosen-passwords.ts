/** Whose password it is to be: what is mostly their name or address is refused. */
export interface PasswordOwner {
  readonly name: string;
  readonly email: string;
}

/**
 * Rejects with `SP_PASSWORD_UNACCEPTABLE` what is too short, too long, or guessed first. There are no rules about kinds
 * of characters.
 *
 * @see {@link https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver NIST SP 800-63B-4, section 3.1.1.2}
 */
export type RequireAcceptablePassword = (field: string, password: string, owner: PasswordOwner) => void;

/** Where the feature with the rules of passwords registers them, for features that take a password too. */
export interface ChosenPasswords {
  register(rules: RequireAcceptablePassword): void;
  /** Demands every registered rule. */
  readonly require: RequireAcceptablePassword;
}

/** Builds the place where rules are registered. */
export function createChosenPasswords(): ChosenPasswords {
  const all: RequireAcceptablePassword[] = [];
  return {
    register: (rules) => void all.push(rules),
    require: (field, password, owner) => {
      if (all.length === 0) throw new TypeError('no feature has rules for passwords');
      for (const rules of all) rules(field, password, owner);
    },
  };
}
