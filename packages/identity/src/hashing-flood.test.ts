import { readdir, readFile } from 'node:fs/promises';
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHashingThreads } from './hashing/hashing-threads.ts';
import { goodPassword, startHarness, type Answer, type Harness } from './identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
const start = async (maxWaiting: number, maxWaitingOfOne = 20): Promise<void> => {
  harness = await startHarness({
    hashingThreads: createHashingThreads(),
    hashing: { threads: 1, maxWaitingOfOne, maxWaiting, maxWaitSeconds: 60 },
  });
  await harness.makeUser(email);
};
beforeEach(() => start(100));
afterEach(() => harness.close());

const tryFrom = (address: string, account: string): Promise<Answer> =>
  harness.call('POST', '/auth/sign-in/email', { email: account, password: 'not the password' }, { address });
const flood = (count: number, addressOf: (index: number) => string): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => tryFrom(addressOf(index), `unknown-${index}@example.test`)));

describe('a flood of sign-ins', () => {
  it('from one network uses up its own share, and others sign in meanwhile', async () => {
    await harness.close();
    // So few that a busy machine, on which sign-ins come slowly to their turns, refuses some too.
    await start(100, 2);
    const flooded = flood(80, () => '198.51.100.7');
    // Sent later, and done long before the flood is.
    const owner = await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    expect(owner.status).toBe(200);
    const answers = await flooded;
    const refused = answers.filter(({ status }) => status === 429);
    // While they come in, some have their turn already.
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]).toMatchObject({ body: { code: 'SP_TOO_MANY_ATTEMPTS' } });
    expect(refused[0]?.headers.get('retry-after')).toBe('5');
  });

  it('from everywhere is shed with 503, and never with a wrong password', async () => {
    await harness.close();
    // So few that a busy machine, on which sign-ins come slowly to their turns, has no more room either.
    await start(1);
    const answers = await flood(150, (index) => `198.51.${index >> 8}.${index & 0xff}`);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]));
    const shed = answers.find(({ status }) => status === 503);
    expect(shed).toMatchObject({ body: { code: 'SP_SERVICE_UNAVAILABLE' }, cookie: undefined });
    expect(shed?.headers.get('retry-after')).toBe('5');
    // It is over with the flood.
    expect((await harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword })).status).toBe(200);
  });

  it('leaves the threads alone in which Node does everything else', async () => {
    const flooded = flood(30, () => '198.51.100.7');
    const begun: string[] = [];
    const other = promisify(pbkdf2)('x', 'y', 1, 32, 'sha256').then(() => begun.push('other'));
    await Promise.race([flooded.then(() => begun.push('flood')), other]);
    expect(begun).toEqual(['other']);
    await flooded;
  });

  it.runIf(process.platform === 'linux')('runs on threads that come after all others', async () => {
    await tryFrom('198.51.100.7', email);
    const threads = await readdir('/proc/self/task');
    const stats = await Promise.all(
      threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')),
    );
    // The seventeenth field after the name, which is in parentheses, is the niceness.
    const niceness = stats.map((line) => Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16]));
    // The lowest priority that there is.
    expect(Math.max(...niceness)).toBe(19);
  });
});
