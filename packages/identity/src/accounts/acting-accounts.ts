/** An account beside those of users that may change users, such as that of a program. */
export interface ActingAccount {
  /** How mails call it. */
  readonly name: string;
  readonly roles: readonly string[];
}

/** Reads such an account by its subject id, as it is stored now. Resolves to `null` when it is none, or may do nothing. */
export type FindActingAccount = (id: string) => Promise<ActingAccount | null>;

/** Where features register the accounts of theirs that act: what they may do is decided by `Authority`, as for users. */
export interface ActingAccounts {
  register(find: FindActingAccount): void;
  readonly find: FindActingAccount;
}

/** Builds the place where they are registered. */
export function createActingAccounts(): ActingAccounts {
  const finders: FindActingAccount[] = [];
  return {
    register: (find) => void finders.push(find),
    async find(id) {
      for (const find of finders) {
        const account = await find(id);
        if (account !== null) return account;
      }
      return null;
    },
  };
}
