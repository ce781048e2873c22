import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Sealer } from '@sallyport/core';

/** The account that a device is trusted for, as far as that goes: a new password or a ban ends the trust. */
export interface TrustedAccount {
  readonly id: string;
  readonly generation: number;
}

/** Remembers on which browsers an account was signed in to, in a cookie of theirs and nowhere else. */
export interface DeviceTrust {
  /** The device that signed in to this account before; `null` for a stranger, and for an account that does not exist. */
  find(presented: string, account: TrustedAccount | null): string | null;
  /**
   * The value that makes a browser trusted for an account, under a device id that was never used: whatever was guessed
   * under the old one is behind it. What it presented for other accounts stays.
   */
  renew(presented: string, account: TrustedAccount): string;
}

/** How long a browser stays trusted without signing in. */
export const deviceTrustSeconds = 180 * 24 * 60 * 60;

/** People who share a browser: beyond this many the longest unused one is forgotten. */
const maximumAccounts = 4;
const separator = '~';
const trustPattern = /^([0-9a-z]{1,8})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

interface Trust {
  readonly text: string;
  readonly issuedAt: string;
  readonly device: string;
  readonly mac: string;
}

/** Builds the trust in devices on a sealer of its own purpose. Every accepted version of the root secret verifies. */
export function createDeviceTrust(sealer: Sealer, now: () => Date): DeviceTrust {
  const signed = ({ id, generation }: TrustedAccount, device: string, issuedAt: string): string =>
    [id, generation, device, issuedAt].join('\n');
  const isFor = ({ device, issuedAt, mac }: Trust, account: TrustedAccount): boolean =>
    sealer.hashes(signed(account, device, issuedAt)).some((expected) => isEqual(expected, mac));
  const isFresh = ({ issuedAt }: Trust): boolean => {
    const age = now().getTime() / 1000 - Number.parseInt(issuedAt, 36);
    // A clock that is a little ahead in another process is no reason to distrust.
    return age > -60 && age < deviceTrustSeconds;
  };

  return {
    find(presented, account) {
      // The same work for an account that does not exist: the answer may not come sooner.
      const subject = account ?? { id: '', generation: 0 };
      const trust = parseTrusts(presented).find((candidate) => isFresh(candidate) && isFor(candidate, subject));
      return trust === undefined || account === null ? null : trust.device;
    },
    renew(presented, account) {
      const device = randomBytes(16).toString('base64url');
      const issuedAt = Math.floor(now().getTime() / 1000).toString(36);
      const mac = sealer.hash(signed(account, device, issuedAt));
      const others = parseTrusts(presented).filter((trust) => isFresh(trust) && !isFor(trust, account));
      return [`${issuedAt}.${device}.${mac}`, ...others.slice(0, maximumAccounts - 1).map(({ text }) => text)].join(
        separator,
      );
    },
  };
}

function parseTrusts(presented: string): readonly Trust[] {
  return presented
    .split(separator, maximumAccounts)
    .map((text) => ({ text, match: trustPattern.exec(text) }))
    .flatMap(({ text, match }) => {
      const [, issuedAt, device, mac] = match ?? [];
      return issuedAt === undefined || device === undefined || mac === undefined
        ? []
        : [{ text, issuedAt, device, mac }];
    });
}

function isEqual(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}
