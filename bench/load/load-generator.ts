import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createResponseReader, UnexpectedResponse } from './response-reader.ts';

/** What to send, where, and for how long. */
export interface LoadPlan {
  readonly port: number;
  /** Whole requests, ready to be written to a socket; each in turn, whatever the connection. */
  readonly requests: readonly string[];
  readonly expectedBodyLength: number;
  readonly connections: number;
  /** Time before the measured window, in which connections open and pools fill. */
  readonly rampMilliseconds: number;
  readonly milliseconds: number;
  /** Requests per second, spread evenly. Absent: every connection sends the next request as soon as it has an answer. */
  readonly ratePerSecond?: number;
}

/** What came of a plan. */
export interface LoadResult {
  /** All requests that were answered, ramp and drain included: to be set against the CPU time of the whole run. */
  readonly answered: number;
  /** Requests answered within the measured window, per second. */
  readonly perSecond: number;
  /** Quantiles of the latency within the window, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Connection {
  readonly socket: Socket;
  /** When the request in flight was sent, or should have been. */
  startedAt: number;
}

/**
 * Sends requests over a fixed number of keep-alive connections, one at a time on each (no pipelining).
 *
 * One wrong answer or one lost connection makes the whole run void: a server that refuses is fast, and proves nothing.
 *
 * @returns what was measured; rejects when the run is void.
 */
export async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: plan.connections }, () => openConnection(plan.port)));
  try {
    return await exchange(plan, sockets);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function openConnection(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function exchange(plan: LoadPlan, sockets: readonly Socket[]): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const requests = plan.requests.map((request) => Buffer.from(request, 'latin1'));
    const latencies: number[] = [];
    const startedAt = performance.now();
    const windowStart = startedAt + plan.rampMilliseconds;
    const windowEnd = windowStart + plan.milliseconds;
    let answered = 0;
    let inFlight = 0;
    let next = 0;
    let isOver = false;

    const send = (connection: Connection, at: number): void => {
      connection.startedAt = at;
      inFlight += 1;
      connection.socket.write(requests[next] ?? '');
      next = next + 1 === requests.length ? 0 : next + 1;
    };
    const pace =
      plan.ratePerSecond === undefined
        ? undefined
        : createPace({
            ratePerSecond: plan.ratePerSecond,
            startedAt,
            endsAt: windowEnd,
            send,
            onEnd: () => {
              finishWhenDrained();
            },
          });

    const finish = (outcome: () => void): void => {
      if (isOver) return;
      isOver = true;
      pace?.stop();
      outcome();
    };
    const finishWhenDrained = (): void => {
      if (inFlight > 0) return;
      finish(() => {
        resolve(toResult(answered, latencies, plan.milliseconds));
      });
    };
    const onAnswer = (connection: Connection): void => {
      const now = performance.now();
      inFlight -= 1;
      answered += 1;
      if (now >= windowStart && now < windowEnd) latencies.push(now - connection.startedAt);
      if (now < windowEnd) {
        if (pace === undefined) send(connection, now);
        else pace.free(connection);
      } else {
        finishWhenDrained();
      }
    };

    for (const socket of sockets) {
      const connection: Connection = { socket, startedAt };
      const reader = createResponseReader(plan.expectedBodyLength);
      socket.on('data', (chunk) => {
        try {
          const complete = reader.read(chunk);
          if (complete > 1) throw new UnexpectedResponse('two answers to one request');
          if (complete === 1) onAnswer(connection);
        } catch (cause) {
          finish(() => {
            reject(cause instanceof Error ? cause : new Error(String(cause)));
          });
        }
      });
      socket.on('error', (cause) => {
        finish(() => {
          reject(cause);
        });
      });
      socket.on('close', () => {
        finish(() => {
          reject(new UnexpectedResponse('the server closed a connection'));
        });
      });
      if (pace === undefined) send(connection, startedAt);
      else pace.free(connection);
    }
  });
}

interface PaceOptions {
  readonly ratePerSecond: number;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly send: (to: Connection, at: number) => void;
  /** Called when the last request was sent. */
  readonly onEnd: () => void;
}

interface Pace {
  /** Says that a connection may be used. */
  free(connection: Connection): void;
  stop(): void;
}

/**
 * Sends at a fixed rate whatever the server does. A request that finds no free connection waits, and its latency
 * counts from the moment at which it was due: a stalled server cannot hide its stall.
 */
function createPace(options: PaceOptions): Pace {
  const { ratePerSecond, startedAt, endsAt, send, onEnd } = options;
  const idle: Connection[] = [];
  const due: number[] = [];
  let planned = 0;

  const timer = setInterval(() => {
    const now = performance.now();
    if (now >= endsAt) {
      clearInterval(timer);
      onEnd();
      return;
    }
    const target = Math.floor(((now - startedAt) * ratePerSecond) / 1000);
    for (; planned < target; planned += 1) {
      const connection = idle.pop();
      if (connection === undefined) due.push(now);
      else send(connection, now);
    }
  }, 1);

  return {
    free(connection) {
      const waitingSince = due.shift();
      if (waitingSince === undefined) idle.push(connection);
      else send(connection, waitingSince);
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function toResult(answered: number, latencies: number[], milliseconds: number): LoadResult {
  const sorted = Float64Array.from(latencies).sort();
  const at = (fraction: number): number => sorted[Math.floor((sorted.length - 1) * fraction)] ?? Number.NaN;
  return { answered, perSecond: (latencies.length * 1000) / milliseconds, p50: at(0.5), p99: at(0.99) };
}
