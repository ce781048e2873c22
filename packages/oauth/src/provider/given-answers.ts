import type { Artifacts } from './artifacts.ts';
import type { GivenAnswer, UsedGrant } from './token-request.ts';

/** For how long an answer is given again to a client that may not have got it. */
export const replaySeconds = 10;

/** Longer than it is given again: meanwhile the row says that a code or a token was used, where no transaction does. */
const keptSeconds = 3600;

/** Who asks, and what was presented beside the code or the token. */
export interface Asking {
  readonly clientId: string;
  readonly fingerprint: string;
  /** The user whose code or token it is: what is kept goes with the account. */
  readonly subject: string | undefined;
}

/** Answers of the token endpoint, sealed, so that another gateway gives the same one to a client that tries again. */
export interface GivenAnswers {
  /**
   * Keeps the answer to the use of a code or a token: `true` for the one use that counts, however many there are at once
   * and at however many gateways.
   */
  keep(used: UsedGrant, asking: Asking, answer: GivenAnswer): Promise<boolean>;
  /**
   * The answer that was given to the same client, for the same code or token and the same proof, some seconds ago. `used` says
   * that it was used up, and that no answer is given again.
   */
  find(used: UsedGrant, asking: Pick<Asking, 'clientId' | 'fingerprint'>): Promise<GivenAnswer | 'used' | null>;
}

/** Builds it on the artifacts. */
export function createGivenAnswers(artifacts: Artifacts, now: () => Date): GivenAnswers {
  const nameOf = ({ kind, id }: UsedGrant) => ({ kind: 'TokenAnswer', id: `${kind} ${id}` }) as const;
  return {
    keep: (used, { clientId, fingerprint, subject: accountId }, answer) =>
      artifacts.insert({
        ...nameOf(used),
        payload: { clientId, fingerprint, answer, ...(accountId === undefined ? {} : { accountId }) },
        expiresAt: new Date(now().getTime() + keptSeconds * 1000),
      }),
    async find(used, { clientId, fingerprint }) {
      const stored = await artifacts.find(nameOf(used));
      if (stored === null) return null;
      const { payload, createdAt } = stored;
      const isRecent = now().getTime() - createdAt.getTime() <= replaySeconds * 1000;
      const isSame = payload['clientId'] === clientId && payload['fingerprint'] === fingerprint;
      if (!isRecent || !isSame) return 'used';
      return payload['answer'] as GivenAnswer; // Written by `keep`, and sealed.
    },
  };
}
