import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdleAnswers, type IdleAnswer, type IdleAnswers } from './idle-answers.ts';

class TestAnswer implements IdleAnswer {
  watchedAt = -1;
  silentMilliseconds = 0;
  readonly idleMilliseconds: number;
  hasMoved = false;
  cuts = 0;
  onCut = (): void => {};

  constructor(idleMilliseconds: number) {
    this.idleMilliseconds = idleMilliseconds;
  }

  takeMoved(): boolean {
    const { hasMoved } = this;
    this.hasMoved = false;
    return hasMoved;
  }

  cut(): void {
    this.cuts++;
    this.onCut();
  }
}

let watch: IdleAnswers;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  watch = createIdleAnswers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the watch over answers of which more is to come', () => {
  it('cuts each that is silent for longer than it may be, once, and no other', () => {
    const patient = new TestAnswer(60_000);
    const silent = [new TestAnswer(1000), new TestAnswer(1000)];
    const moving = new TestAnswer(1000);
    for (const answer of [silent[0], patient, moving, silent[1]]) if (answer !== undefined) watch.watch(answer);
    for (let step = 0; step < 50; step++) {
      moving.hasMoved = true;
      vi.advanceTimersByTime(100);
    }
    expect(silent.map(({ cuts }) => cuts)).toEqual([1, 1]);
    expect([patient.cuts, moving.cuts]).toEqual([0, 0]);
  });

  it('never cuts what was forgotten, in whatever order', () => {
    const answers = Array.from({ length: 7 }, () => new TestAnswer(1000));
    for (const answer of answers) watch.watch(answer);
    for (const index of [3, 0, 6, 6, 1]) {
      const answer = answers[index];
      if (answer !== undefined) watch.forget(answer);
    }
    vi.advanceTimersByTime(10_000);
    expect(answers.map(({ cuts }) => cuts)).toEqual([0, 0, 1, 0, 1, 1, 0]);
  });

  it('counts the silence anew where an answer is watched again', () => {
    const answer = new TestAnswer(1000);
    watch.watch(answer);
    vi.advanceTimersByTime(900);
    watch.forget(answer);
    watch.watch(answer);
    vi.advanceTimersByTime(900);
    expect(answer.cuts).toBe(0);
    vi.advanceTimersByTime(900);
    expect(answer.cuts).toBe(1);
  });

  it('leaves alone what ends because another is cut', () => {
    const [first, second] = [new TestAnswer(1000), new TestAnswer(1000)];
    first.onCut = () => watch.forget(second);
    watch.watch(first);
    watch.watch(second);
    vi.advanceTimersByTime(10_000);
    expect([first.cuts, second.cuts]).toEqual([1, 0]);
  });

  it('leaves alone what may be silent for as long as it likes', () => {
    const answer = new TestAnswer(0);
    watch.watch(answer);
    vi.advanceTimersByTime(3_600_000);
    expect([answer.cuts, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
