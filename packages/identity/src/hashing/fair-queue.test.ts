import { describe, expect, it } from 'vitest';
import { createFairQueue, type FairQueue, type FairQueueOptions } from './fair-queue.ts';

const refusals: string[] = [];
const queueWith = (change: Partial<FairQueueOptions> = {}): FairQueue => {
  refusals.length = 0;
  return createFairQueue({
    concurrency: 1,
    maxWaiting: 100,
    maxWaitingOfOne: 100,
    maxWaitMilliseconds: 60_000,
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

describe('the fair queue', () => {
  it('runs as much at once as it may', async () => {
    const queue = queueWith({ concurrency: 2 });
    const begun: string[] = [];
    const all = ['a', 'b', 'c'].map((name) => work(name, begun));
    const done = all.map(({ run }) => queue.run('one', run));
    expect([begun, queue.waiting]).toEqual([['a', 'b'], 1]);
    all[0]?.end();
    await done[0];
    expect([begun, queue.waiting]).toEqual([['a', 'b', 'c'], 0]);
    for (const { end } of all) end();
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
  });

  it('serves origins in turn, so that one request does not wait for fifty of a flood', async () => {
    const queue = queueWith();
    const begun: string[] = [];
    const quick = (name: string) => async () => void begun.push(name);
    const first = work('first', begun);
    const done = [queue.run('flood', first.run)];
    for (let index = 0; index < 50; index++) done.push(queue.run('flood', quick(`flood-${index}`)) as Promise<never>);
    done.push(queue.run('visitor', quick('visitor')) as Promise<never>);
    done.push(queue.run('other', quick('other')) as Promise<never>);
    first.end();
    await Promise.all(done);
    expect(begun.slice(0, 5)).toEqual(['first', 'flood-0', 'visitor', 'other', 'flood-1']);
  });

  it('refuses work of one origin beyond its share, and none of other origins', async () => {
    const queue = queueWith({ maxWaitingOfOne: 2 });
    const running = work('running', []);
    const done = [queue.run('flood', running.run), queue.run('flood', running.run), queue.run('flood', running.run)];
    await expect(queue.run('flood', running.run)).rejects.toMatchObject({
      code: 'SP_TOO_MANY_ATTEMPTS',
      retryAfterSeconds: 5,
    });
    done.push(queue.run('visitor', running.run));
    running.end();
    await Promise.all(done);
    expect(refusals).toEqual(['share']);
  });

  it('answers 503 when too much waits in all', async () => {
    const queue = queueWith({ maxWaiting: 3 });
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => queue.run(origin, running.run));
    await expect(queue.run('e', running.run)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE', status: 503 });
    running.end();
    await Promise.all(done);
    expect([refusals, queue.waiting]).toEqual([['full'], 0]);
  });

  it('gives up work whose turn does not come in time, and never does it', async () => {
    const queue = queueWith({ maxWaitMilliseconds: 50 });
    const begun: string[] = [];
    const running = work('running', begun);
    const done = queue.run('a', running.run);
    await expect(queue.run('b', work('late', begun).run)).rejects.toMatchObject({
      code: 'SP_SERVICE_UNAVAILABLE',
      reason: 'hashing-late',
    });
    running.end();
    await done;
    expect(await queue.run('b', async () => 'after')).toBe('after');
    expect([begun, refusals, queue.waiting]).toEqual([['running'], ['late'], 0]);
  });

  it('refuses at once what would come too late, by how long work took lately', async () => {
    let time = 0;
    const queue = queueWith({ clock: () => time });
    await queue.run('a', async () => void (time += 25_000));
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => queue.run(origin, running.run));
    expect(() => queue.requireRoom('e')).toThrow(expect.objectContaining({ reason: 'hashing-late' }));
    await expect(queue.run('e', running.run)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    expect(queue.waiting).toBe(3);
    running.end();
    await Promise.all(done);
    expect(() => queue.requireRoom('e')).not.toThrow();
  });

  it('judges by a moving average, which one quick piece of work hardly changes', async () => {
    let time = 0;
    const queue = queueWith({ clock: () => time });
    await queue.run('a', async () => void (time += 25_000));
    await queue.run('a', async () => {});
    const running = work('running', []);
    const done = ['a', 'b', 'c', 'd'].map((origin) => queue.run(origin, running.run));
    expect(() => queue.requireRoom('e')).toThrow(expect.objectContaining({ reason: 'hashing-late' }));
    running.end();
    await Promise.all(done);
  });

  it('still takes work of an origin that has none waiting while a flood is refused', async () => {
    let time = 0;
    const queue = queueWith({ clock: () => time });
    await queue.run('a', async () => void (time += 25_000));
    const running = work('running', []);
    const done = ['flood', 'flood', 'flood', 'flood'].map((origin) => queue.run(origin, running.run));
    await expect(queue.run('flood', running.run)).rejects.toMatchObject({ reason: 'hashing-late' });
    done.push(queue.run('visitor', running.run));
    running.end();
    await Promise.all(done);
  });

  it('goes on after work that failed', async () => {
    const queue = queueWith();
    const failing = async (): Promise<never> => {
      throw new Error('broken');
    };
    const results = await Promise.allSettled([queue.run('a', failing), queue.run('a', failing)]);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await queue.run('a', async () => 'fine')).toBe('fine');
  });
});
