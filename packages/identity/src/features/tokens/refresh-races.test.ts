import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, type Harness } from '../../identity.test-support.ts';
import { programOf, refreshWith, replaceMethods, signProgramIn, startTokenHarness } from './token.test-support.ts';

const email = 'robin@example.test';
const callers = 50;

let harness: Harness;
beforeEach(async () => {
  harness = await startTokenHarness();
  await harness.makeUser(email);
});
afterEach(() => harness.close());

const isAlive = async (sid: string): Promise<boolean> => (await harness.identity.directory.bySid(sid)) !== null;

describe.skipIf(!canRace())(onDatabase('a refresh token that comes many times at once'), () => {
  it('is rotated once, and every caller gets the same successor', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    const { records } = harness.database;
    const updating = records.updateMany.bind(records);
    let changedRows = 0;
    const restore = replaceMethods(records, {
      updateMany: async (query: Parameters<typeof updating>[0]) => {
        const count = await updating(query);
        if (query.model === 'sallyportTokenFamily') changedRows += count;
        return count;
      },
    });
    const answers = await Promise.all(Array.from({ length: callers }, () => refreshWith(harness, refreshToken)));
    restore();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(callers);
    expect(new Set(answers.map((answer) => programOf(answer).refreshToken)).size).toBe(1);
    expect(changedRows).toBe(1);
    const where = [{ field: 'family', value: sid }];
    expect(await records.findOne({ model: 'sallyportTokenFamily', where })).toMatchObject({ number: 1 });
    expect((await harness.events()).filter(({ type }) => type === 'refresh-token.reused')).toEqual([]);
  });

  it('is one sign-in less, with one event, when it was stolen', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    await refreshWith(harness, refreshToken);
    harness.advance(31);
    const answers = await Promise.all(Array.from({ length: callers }, () => refreshWith(harness, refreshToken)));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(callers);
    expect(await isAlive(sid)).toBe(false);
    expect((await harness.events()).filter(({ type }) => type === 'refresh-token.reused')).toHaveLength(1);
  });

  it('is dead afterwards when it is revoked meanwhile', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => refreshWith(harness, refreshToken, index === 10 ? 'revoke' : 'refresh')),
    );
    expect(new Set(answers.map(({ status }) => status))).not.toContain(500);
    expect(await isAlive(sid)).toBe(false);
    for (const answer of answers) {
      const { refresh_token: given } = answer.body as { readonly refresh_token?: string };
      if (given !== undefined) expect((await refreshWith(harness, given)).status).toBe(400);
    }
  });
});
