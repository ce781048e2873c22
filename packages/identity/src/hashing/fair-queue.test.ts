import { describe, expect, it } from 'vitest';
import { createFairTurns, type FairTurns, type FairTurnsOptions } from './fair-queue.ts';

const refusals: string[] = [];
const turns = (change: Partial<FairTurnsOptions> = {}): FairTurns => {
  refusals.length = 0;
  return createFairTurns({
    concurrency: 1,
    maximumWaiting: 100,
    maximumWaitingOfOne: 100,
    maximumWaitMilliseconds: 60_000,
    onRefusal: (reason) => refusals.push(reason),
    ...change,
  });
};

/** Work that lasts until it is told to end, and says when it began. */
function work(name: string, begun: string[]): { readonly run: () => Promise<string>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = async (): Promise<string> => {
    begun.push(name);
    await promise;
    return name;
  };
  return { run, end: resolve };
}

describe('turns', () => {
  it('are given to so many at once', async () => {
    const taken = turns({ concurrency: 2 });
    const begun: string[] = [];
    const all = ['a', 'b', 'c'].map((name) => work(name, begun));
    const done = all.map(({ run }) => taken.take('one', run));
    expect([begun, taken.waiting]).toEqual([['a', 'b'], 1]);
    all[0]?.end();
    await done[0];
    expect([begun, taken.waiting]).toEqual([['a', 'b', 'c'], 0]);
    for (const { end } of all) end();
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
  });

  it('go round: who asks once is not behind the hundred of somebody else', async () => {
    const taken = turns();
    const begun: string[] = [];
    const quick = (name: string) => async () => void begun.push(name);
    const first = work('first', begun);
    const done = [taken.take('flood', first.run)];
    for (let index = 0; index < 50; index++) done.push(taken.take('flood', quick(`flood-${index}`)) as Promise<never>);
    done.push(taken.take('somebody', quick('somebody')) as Promise<never>);
    done.push(taken.take('other', quick('other')) as Promise<never>);
    first.end();
    await Promise.all(done);
    expect(begun.slice(0, 5)).toEqual(['first', 'flood-0', 'somebody', 'other', 'flood-1']);
  });

  it('of one origin are refused beyond its share, and those of others are not', async () => {
    const taken = turns({ maximumWaitingOfOne: 2 });
    const running = work('running', []);
    const done = [taken.take('flood', running.run), taken.take('flood', running.run), taken.take('flood', running.run)];
    await expect(taken.take('flood', running.run)).rejects.toMatchObject({
      code: 'SP_TOO_MANY_ATTEMPTS',
      retryAfterSeconds: 5,
    });
    done.push(taken.take('somebody', running.run));
    running.end();
    await Promise.all(done);
    expect(refusals).toEqual(['share']);
  });

  it('are refused when too many wait in all, as a fault of ours', async () => {
    const taken = turns({ maximumWaiting: 3 });
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => taken.take(origin, running.run));
    await expect(taken.take('e', running.run)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE', status: 503 });
    running.end();
    await Promise.all(done);
    expect([refusals, taken.waiting]).toEqual([['full'], 0]);
  });

  it('that do not come in time are given up, and the work is never done', async () => {
    const taken = turns({ maximumWaitMilliseconds: 50 });
    const begun: string[] = [];
    const running = work('running', begun);
    const done = taken.take('a', running.run);
    await expect(taken.take('b', work('late', begun).run)).rejects.toMatchObject({
      code: 'SP_SERVICE_UNAVAILABLE',
      reason: 'hashing-late',
    });
    running.end();
    await done;
    expect(await taken.take('b', async () => 'after')).toBe('after');
    expect([begun, refusals, taken.waiting]).toEqual([['running'], ['late'], 0]);
  });

  it('are refused at once where they would come too late, by how long work took lately', async () => {
    let time = 0;
    const taken = turns({ clock: () => time });
    await taken.take('a', async () => void (time += 25_000));
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => taken.take(origin, running.run));
    expect(() => taken.requireRoom('e')).toThrow(expect.objectContaining({ reason: 'hashing-late' }));
    await expect(taken.take('e', running.run)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    expect(taken.waiting).toBe(3);
    running.end();
    await Promise.all(done);
    expect(() => taken.requireRoom('e')).not.toThrow();
  });

  it('are judged by a moving average, which one quick piece of work hardly changes', async () => {
    let time = 0;
    const taken = turns({ clock: () => time });
    await taken.take('a', async () => void (time += 25_000));
    await taken.take('a', async () => {});
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => taken.take(origin, running.run));
    expect(() => taken.requireRoom('e')).toThrow(expect.objectContaining({ reason: 'hashing-late' }));
    running.end();
    await Promise.all(done);
  });

  it('that many others wait for in vain are not lost to who has none waiting', async () => {
    let time = 0;
    const taken = turns({ clock: () => time });
    await taken.take('a', async () => void (time += 25_000));
    const running = work('running', []);
    const done = ['flood', 'flood', 'flood', 'flood'].map((origin) => taken.take(origin, running.run));
    await expect(taken.take('flood', running.run)).rejects.toMatchObject({ reason: 'hashing-late' });
    done.push(taken.take('somebody', running.run));
    running.end();
    await Promise.all(done);
  });

  it('go on after work that failed', async () => {
    const taken = turns();
    const failing = async (): Promise<never> => {
      throw new Error('broken');
    };
    const results = await Promise.allSettled([taken.take('a', failing), taken.take('a', failing)]);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await taken.take('a', async () => 'fine')).toBe('fine');
  });
});
