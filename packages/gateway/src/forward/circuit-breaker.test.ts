import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';

let breaker: CircuitBreaker;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  breaker = new CircuitBreaker({ failures: 2, pauseMilliseconds: 3000 });
});
afterEach(() => vi.useRealTimers());

/** Sends a request whose outcome is that of the method. */
function request(outcome: 'succeeded' | 'failed'): void {
  breaker.began();
  breaker[outcome]();
  breaker.ended();
}

function open(): void {
  request('failed');
  request('failed');
}

describe('a circuit breaker', () => {
  it('opens after failures in a row, and an answer in between starts the count again', () => {
    request('failed');
    request('succeeded');
    request('failed');
    expect(breaker.state).toBe('closed');
    expect(breaker.allows()).toBe(true);
    request('failed');
    expect(breaker.state).toBe('open');
    expect(breaker.allows()).toBe(false);
  });

  it('says how long it stays open', () => {
    expect(breaker.retryAfterSeconds()).toBe(1);
    open();
    expect(breaker.retryAfterSeconds()).toBe(3);
    vi.advanceTimersByTime(2500);
    expect(breaker.retryAfterSeconds()).toBe(1);
    expect(breaker.allows()).toBe(false);
  });

  it('is half-open for one request once the pause is over', () => {
    open();
    vi.advanceTimersByTime(3000);
    expect(breaker.allows()).toBe(true);
    breaker.began();
    expect(breaker.state).toBe('half-open');
    expect(breaker.allows()).toBe(false);
  });

  it('closes when its probe is answered', () => {
    open();
    vi.advanceTimersByTime(3000);
    request('succeeded');
    expect(breaker.state).toBe('closed');
    request('failed');
    expect(breaker.allows()).toBe(true);
  });

  it('opens again when its probe fails', () => {
    open();
    vi.advanceTimersByTime(3000);
    request('failed');
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterSeconds()).toBe(3);
  });

  it('allows another probe when one ended without an outcome', () => {
    open();
    vi.advanceTimersByTime(3000);
    breaker.began();
    breaker.ended();
    expect(breaker.state).toBe('open');
    expect(breaker.allows()).toBe(true);
  });

  it('stays half-open when a request of before fails while the probe is on its way', () => {
    open();
    vi.advanceTimersByTime(3000);
    breaker.began();
    breaker.failed();
    expect(breaker.state).toBe('half-open');
    vi.advanceTimersByTime(3000);
    expect(breaker.allows()).toBe(false);
  });
});
