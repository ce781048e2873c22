/** Deletes what a feature keeps of an account. Joins the transaction that it is called in. */
export type ForgetAccount = (userId: string) => Promise<void>;

/**
 * What features keep of accounts beside their rows. It goes when an account goes, and when an address is proved by another
 * than the one who set it up.
 */
export interface AccountData {
  register(forget: ForgetAccount): void;
  /** Deletes all of it. Joins the transaction that it is called in. */
  readonly forget: ForgetAccount;
}

/** Builds the place where features register how they forget an account. */
export function createAccountData(): AccountData {
  const all: ForgetAccount[] = [];
  return {
    register: (forget) => void all.push(forget),
    async forget(userId) {
      for (const forget of all) await forget(userId);
    },
  };
}
