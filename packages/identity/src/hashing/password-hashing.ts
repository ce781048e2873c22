import { AsyncLocalStorage } from 'node:async_hooks';
import { availableParallelism } from 'node:os';
import { networkOf, silentMeter, type Meter } from '@sallyport/core';
import { parseOptions } from '../parse-options.ts';
import { createFairQueue } from './fair-queue.ts';
import { hashingLimits, type HashingLimits } from './hashing-limits.ts';
import { createHashingThreads, type HashingThreads } from './hashing-threads.ts';
import { isOutdatedHash, parsePasswordHash, type Argon2Cost } from './password-hash.ts';

/**
 * Hashes passwords, and checks them against hashes of any scheme that may be imported.
 *
 * Both reject with `SP_TOO_MANY_ATTEMPTS` when too many of one network are waiting for their turn, and with
 * `SP_SERVICE_UNAVAILABLE` when too many are, or when the turn does not come in time. Nothing was found out
 * then, so it counts as no failure.
 */
export interface PasswordHashing {
  hash(password: string): Promise<string>;
  /** `false` for a wrong password and for a hash that is damaged or of a scheme that is not known. */
  verify(hash: string, password: string): Promise<boolean>;
  /** What hashes cost that are made now. */
  readonly cost: Argon2Cost;
  /** Whether a hash that a password fits is to be replaced by one that is made now. */
  isOutdated(hash: string): boolean;
  /** Does some work on behalf of an address: what is hashed in the course of it waits with all else of its network. */
  onBehalfOf<T>(address: string, work: () => Promise<T>): Promise<T>;
  /**
   * Throws what `verify` would reject with now. Ask before anything is read from a store: a flood is then refused before
   * it costs much.
   */
  requireRoom(address: string): void;
  close(): Promise<void>;
}

/**
 * Builds the hashing of passwords: argon2id, over the NFKC form, so that one password typed on two keyboards is one.
 *
 * @param onVerified told of each stored hash that a password was checked against.
 */
export function createPasswordHashing(
  limits: HashingLimits = {},
  meter: Meter = silentMeter,
  threads: HashingThreads = createHashingThreads(),
  onVerified: (hash: string) => void = () => {},
): PasswordHashing {
  const { threads: concurrency = defaultThreads(), ...waiting } = parseOptions('hashing', hashingLimits, limits);
  const { maxWaiting, maxWaitingOfOne, maxWaitSeconds } = waiting;
  const refused = meter.counter({
    name: 'sallyport_password_hashing_refused_total',
    help: 'Passwords that were not hashed, because too many were waiting: of one network, of all, or for too long',
    labels: ['reason'],
  });
  const refusals = { share: refused.of('share'), full: refused.of('full'), late: refused.of('late') };
  const queue = createFairQueue({
    concurrency,
    maxWaiting,
    maxWaitingOfOne,
    maxWaitMilliseconds: maxWaitSeconds * 1000,
    onRefusal: (reason) => refusals[reason].add(),
  });
  meter.gauge(
    { name: 'sallyport_password_hashing_waiting', help: 'Passwords that wait for their turn' },
    () => queue.waiting,
  );
  const origins = new AsyncLocalStorage<string>();
  const origin = (): string => origins.getStore() ?? '';

  return {
    hash: async (password) => {
      const hash = await queue.run(origin(), () => threads.run({ kind: 'hash', password }));
      if (typeof hash !== 'string') throw new TypeError('this is no hash');
      return hash;
    },
    verify: async (hash, password) => {
      const isRight = (await queue.run(origin(), () => threads.run({ kind: 'verify', hash, password }))) === true;
      onVerified(hash);
      return isRight;
    },
    cost: threads.cost,
    isOutdated(hash) {
      const parsed = parsePasswordHash(hash);
      return parsed !== undefined && isOutdatedHash(parsed, threads.cost);
    },
    requireRoom: (address) => queue.requireRoom(networkOf(address)),
    onBehalfOf: (address, work) => origins.run(networkOf(address), work),
    close: () => threads.close(),
  };
}

function defaultThreads(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}
