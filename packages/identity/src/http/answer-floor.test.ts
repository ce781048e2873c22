import { anonymous, type LogFields, type Meter, type RequestContext } from '@sallyport/core';
import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerFloor, createFloorOfTime } from './answer-floor.ts';
import { createEventLoopPacing } from './event-loop-pacing.ts';
import type { IdentityEnvironment } from './identity-request.ts';

const context: RequestContext = { requestId: 'r', clientAddress: '203.0.113.7', caller: anonymous };
const pacing = createEventLoopPacing();

let now = 0;
let waits: number[] = [];
let lines: string[] = [];
let lateCount = 0;
const log = (_message: string, fields: LogFields) => void lines.push(JSON.stringify(fields));
const meter: Meter = {
  counter: () => ({ of: () => ({ add: () => void (lateCount += 1) }) }),
  histogram: () => ({ of: () => ({ observe: () => {} }) }),
  gauge: () => {},
};
const clock = () => now;
const floorOf = (milliseconds: number) =>
  createFloorOfTime({ milliseconds, meter, clock, logger: { info: log, warn: log, error: log } });

beforeEach(() => {
  now = 0;
  waits = [];
  lines = [];
  lateCount = 0;
});

describe('the floor of time', () => {
  const ask = async (floor: number, took: number, isRefused = false) => {
    const app = new Hono<IdentityEnvironment>();
    const wait = async (milliseconds: number) => void waits.push(milliseconds);
    app.post('/', answerFloor({ floor: floorOf(floor), pacing, wait, clock }), (c) => {
      now += took;
      if (isRefused) throw new Error('refused');
      return c.text('done');
    });
    app.onError((_error, c) => c.text('refused', 401));
    return (await app.request('/', { method: 'POST' }, { context })).status;
  };

  it.each([
    { name: 'an answer', isRefused: false, status: 200 },
    { name: 'a refusal', isRefused: true, status: 401 },
  ])('holds $name back for what is left of it', async ({ isRefused, status }) => {
    for (const took of [0, 1, 299, 300]) expect(await ask(300, took, isRefused)).toBe(status);
    expect(waits).toEqual([300, 299, 1, 0]);
    expect(lateCount).toBe(0);
  });

  it('holds nothing back when it is zero', async () => {
    expect(await ask(0, 50)).toBe(200);
    expect(waits).toEqual([]);
  });

  it('counts what took longer, holds it back no further, and says so in the log', async () => {
    expect(await ask(300, 301)).toBe(200);
    expect(waits).toEqual([]);
    expect(lateCount).toBe(1);
    expect(lines).toEqual(['{"event":"answer-floor-exceeded","milliseconds":301,"floorMilliseconds":300}']);
  });

  it('logs once a minute at most', () => {
    const floor = floorOf(300);
    for (now = 0; now < 120_000; now += 1000) floor.noteLate(400);
    expect(lateCount).toBe(120);
    expect(lines).toHaveLength(2);
  });
});

describe('the floor that follows the slowest hash', () => {
  it.each([
    { hash: 10, floor: 300 },
    { hash: 160, floor: 300 },
    { hash: 161, floor: 302 },
    { hash: 900, floor: 1225 },
    { hash: 60_000, floor: 10_000 },
  ])('is $floor ms where the slowest takes $hash ms', ({ hash, floor: expected }) => {
    const floor = floorOf(300);
    floor.follow(hash);
    expect(floor.milliseconds()).toBe(expected);
  });

  it('never goes down, and stays off where it is off', () => {
    const floor = floorOf(300);
    floor.follow(900);
    floor.follow(400);
    expect(floor.milliseconds()).toBe(1225);
    const off = floorOf(0);
    off.follow(900);
    expect(off.milliseconds()).toBe(0);
  });
});
