import { canRace, onDatabase, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOAuthHarness } from '../oauth.test-support.ts';
import { createLogoutQueue, type LogoutQueue, type WaitingLogout } from './logout-queue.ts';

let harness: Harness;
let queue: LogoutQueue;
beforeEach(async () => {
  harness = await startOAuthHarness();
  queue = createLogoutQueue(harness.database.records, harness.now);
});
afterEach(() => harness.close());

const inAnHour = (): Date => new Date(harness.now().getTime() + 3_600_000);
const record = (sid: string, clientId: string, clientSid = `${sid}-at-${clientId}`, subject = 'ada') =>
  queue.record({ sid, subject, clientId, clientSid, expiresAt: inAnHour() });
const due = async (): Promise<readonly string[]> =>
  (await queue.findDue(100, harness.now())).map(({ clientSid }) => clientSid).toSorted();
const countRows = (): Promise<number> => harness.database.records.count({ model: 'sallyportOAuthLogout' });
const end = (...sids: readonly string[]) => queue.noteEnded(sids, harness.now());
async function endOne(): Promise<WaitingLogout> {
  await record('s1', 'acme');
  await end('s1');
  const [logout] = await queue.findDue(1, harness.now());
  if (logout === undefined) throw new TypeError('nothing waits');
  return logout;
}

describe(onDatabase('the queue of logouts'), () => {
  it('holds every client of a session that ends, and no other', async () => {
    await record('s1', 'acme');
    await record('s1', 'globex');
    await record('s2', 'acme');
    expect(await due()).toEqual([]);
    await end('s1');
    expect(await due()).toEqual(['s1-at-acme', 's1-at-globex']);
    await end('s1', 's2', 's3');
    expect(await due()).toEqual(['s1-at-acme', 's1-at-globex', 's2-at-acme']);
  });

  it('notes a sign-in once, however often it happens', async () => {
    await record('s1', 'acme');
    await record('s1', 'acme');
    expect(await countRows()).toBe(1);
  });

  it('is bounded for one session and one client', async () => {
    for (let index = 0; index < 25; index += 1) await record('s1', 'acme', `other-${index}`);
    expect(await countRows()).toBe(10);
    await record('s1', 'globex');
    expect(await countRows()).toBe(11);
  });

  it('holds every session of an account that is deleted', async () => {
    await record('s1', 'acme');
    await record('s2', 'globex', 'theirs', 'bob');
    await queue.noteAccountGone('ada', harness.now());
    expect(await due()).toEqual(['s1-at-acme']);
  });

  it('holds nothing of a client that is deleted', async () => {
    await record('s1', 'acme');
    await record('s1', 'globex');
    await end('s1');
    await queue.forgetClient('acme');
    expect(await due()).toEqual(['s1-at-globex']);
  });

  it('gives a logout to one of several that want it', async () => {
    const logout = await endOne();
    const claims = [];
    for (let index = 0; index < 4; index += 1) claims.push(await queue.claim(logout, inAnHour()));
    expect(claims.filter((claim) => claim !== null)).toMatchObject([{ attempts: 1 }]);
    expect(await due()).toEqual([]);
  });

  it.skipIf(!canRace())('gives it to one of several that want it at the same moment', async () => {
    const logout = await endOne();
    const claims = await Promise.all(Array.from({ length: 8 }, () => queue.claim(logout, inAnHour())));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  });

  it('gives it to another when the turn is over', async () => {
    const first = await queue.claim(await endOne(), new Date(harness.now().getTime() + 1000));
    harness.advance(2);
    const [again] = await queue.findDue(1, harness.now());
    const second = again === undefined ? null : await queue.claim(again, inAnHour());
    expect(second).toMatchObject({ attempts: 2 });
    // The first one wakes up late: its turn is not its own any more.
    if (first === null || second === null) throw new TypeError('nothing was claimed');
    expect(await queue.finish(first)).toBe(false);
    await queue.postpone(first, harness.now(), 'timeout');
    expect(await due()).toEqual([]);
    expect(await queue.finish(second)).toBe(true);
    expect(await queue.finish(second)).toBe(false);
    expect(await countRows()).toBe(0);
  });

  it('lets go of sign-ins whose session is over by itself, and of no others', async () => {
    await record('s1', 'acme');
    await endOne();
    await record('s9', 'acme');
    harness.advance(3_601);
    await harness.identity.deleteExpired(harness.now());
    expect(await countRows()).toBe(1);
    harness.advance(2 * 86_400);
    await harness.identity.deleteExpired(harness.now());
    expect(await countRows()).toBe(0);
  });
});
