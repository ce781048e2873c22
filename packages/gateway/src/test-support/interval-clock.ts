import { vi } from 'vitest';

/**
 * Holds what gateways do at intervals (heartbeats, rechecks, health checks, the watch over slow clients) and the clock
 * that never jumps, until a test lets time pass. Sockets, time limits and the time of day go on by themselves. Call it
 * before a gateway is built.
 */
export function holdIntervals(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
}

/** Lets time pass for what was held. What then happens over sockets is to be waited for. */
export function passSeconds(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000);
}

/** Ends the hold. Call it before a gateway is closed: it sweeps its connections at intervals. */
export function releaseIntervals(): void {
  vi.useRealTimers();
}
