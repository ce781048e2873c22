/**
 * Why what is kept of an account goes: the account itself goes, or its address was proved for the first time, perhaps by
 * another than the one who set it up.
 */
export type ForgetReason = 'account-gone' | 'address-proved';

/**
 * Deletes what a feature keeps of an account. Joins the transaction that it is called in. `provedAddress` is that of an
 * account that is gone, where its user had proved it.
 */
export type ForgetAccount = (userId: string, because: ForgetReason, provedAddress?: string) => Promise<void>;

/** Ends what a feature does for an account elsewhere. Joins the transaction that it is called in. */
export type SuspendAccount = (userId: string) => Promise<void>;

/** What a feature keeps of an account, for operators who look at it. */
export interface AccountFact {
  /** Such as `providers`. */
  readonly name: string;
  readonly values: readonly string[];
}

/** Says what a feature keeps of an account that operators may see. */
export type DescribeAccount = (userId: string) => Promise<readonly AccountFact[]>;

/**
 * What features keep of accounts beside their rows. It goes when an account goes, and when an address is proved by another
 * than the one who set it up: then all but what operators alone give, such as a membership.
 */
export interface AccountData {
  register(forget: ForgetAccount): void;
  registerFacts(describe: DescribeAccount): void;
  /** Deletes all of it. Joins the transaction that it is called in. */
  readonly forget: ForgetAccount;
  readonly describe: DescribeAccount;
  registerSuspension(suspend: SuspendAccount): void;
  /** Ends what features do for an account elsewhere, when it is banned. Joins the transaction that it is called in. */
  readonly suspend: SuspendAccount;
}

/** Builds the place where features register how they forget an account, and what they say of one. */
export function createAccountData(): AccountData {
  const all: ForgetAccount[] = [];
  const facts: DescribeAccount[] = [];
  const suspensions: SuspendAccount[] = [];
  return {
    register: (forget) => void all.push(forget),
    registerSuspension: (suspend) => void suspensions.push(suspend),
    async suspend(userId) {
      for (const suspend of suspensions) await suspend(userId);
    },
    registerFacts: (describe) => void facts.push(describe),
    async forget(userId, because, provedAddress) {
      for (const forget of all) await forget(userId, because, provedAddress);
    },
    describe: async (userId) => (await Promise.all(facts.map((describe) => describe(userId)))).flat(),
  };
}
