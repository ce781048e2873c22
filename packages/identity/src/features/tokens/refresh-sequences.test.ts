import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isEmbedded, onDatabase, type Harness } from '../../identity.test-support.ts';
import { programOf, refreshWith, signProgramIn, startTokenHarness } from './token.test-support.ts';

const email = 'robin@example.test';
const graceSeconds = 30;

let harness: Harness;
beforeEach(async () => {
  harness = await startTokenHarness({ graceSeconds });
  await harness.makeUser(email);
});
afterEach(() => harness.close());

/** What a client or a thief does: presents the token that is so many behind the newest one that was ever given out. */
type Step =
  | { readonly kind: 'present'; readonly behind: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'revoke'; readonly behind: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('present' as const), behind: fc.constantFrom(0, 0, 0, 1, 1, 2, 3) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 29, 31, 600) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), behind: fc.constantFrom(0, 1) }) },
);

/** What must be true of a family, and nothing of how it is done. */
class Model {
  /** Every token that was given out, the first one first. */
  readonly tokens: string[];
  isAlive = true;
  rotatedAt = 0;
  clock = 0;

  constructor(first: string) {
    this.tokens = [first];
  }

  at(behind: number): { readonly index: number; readonly token: string } {
    const index = Math.max(0, this.tokens.length - 1 - behind);
    return { index, token: this.tokens[index] ?? '' };
  }

  /** What is to come of presenting a token. */
  expected(index: number): 'rotated' | 'same-again' | 'refused' {
    if (!this.isAlive) return 'refused';
    const behind = this.tokens.length - 1 - index;
    if (behind === 0) return 'rotated';
    if (behind === 1 && this.clock - this.rotatedAt <= graceSeconds) return 'same-again';
    this.isAlive = false;
    return 'refused';
  }
}

async function follow(steps: readonly Step[]): Promise<void> {
  const { refreshToken, sid } = await signProgramIn(harness, email);
  const other = await signProgramIn(harness, email);
  const model = new Model(refreshToken);
  for (const one of steps) {
    if (one.kind === 'wait') {
      harness.advance(one.seconds);
      model.clock += one.seconds;
      continue;
    }
    const { index, token } = model.at(one.behind);
    const answer = await refreshWith(harness, token, one.kind === 'revoke' ? 'revoke' : 'refresh');
    if (one.kind === 'revoke') {
      expect(answer.status).toBe(200);
      model.isAlive = false;
      continue;
    }
    const expected = model.expected(index);
    expect(answer.status, `${expected} of ${JSON.stringify(steps)}`).toBe(expected === 'refused' ? 400 : 200);
    if (expected === 'refused') continue;
    const given = programOf(answer).refreshToken;
    if (expected === 'same-again') expect(given).toBe(model.tokens[index + 1]);
    else {
      expect(model.tokens).not.toContain(given);
      model.tokens.push(given);
      model.rotatedAt = model.clock;
    }
  }
  expect((await harness.identity.directory.bySid(sid)) !== null).toBe(model.isAlive);
  // Whatever became of this one, the other device is signed in.
  expect((await refreshWith(harness, other.refreshToken)).status).toBe(200);
}

describe(onDatabase('refresh tokens in any order'), () => {
  it('are rotated, answered again or refused as the model says', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), follow), {
      numRuns: isEmbedded() ? 60 : 15,
    });
  }, 120_000);
});
