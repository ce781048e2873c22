import { Secret, TOTP } from 'otpauth';

/** What every authenticator app understands (RFC 6238): other settings are ignored by some of them without a word. */
const settings = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** One step to either side, for clocks that are off and for typing: a code is accepted for at most 90 seconds. */
const skewSteps = 1;

/** 160 bits, as RFC 4226, section 4 recommends. */
const secretBytes = 20;

const codePattern = /^\d{6}$/;

/** Makes a secret, in base32. */
export function newTotpSecret(): string {
  return new Secret({ size: secretBytes }).base32;
}

/**
 * The address that an authenticator app reads from the QR code. It holds the secret. A colon would end the name of the
 * issuer: apps split the label at it.
 */
export function toTotpUri(secret: string, issuer: string, account: string): string {
  const name = issuer.replaceAll(/\s*:\s*/g, ' ').trim();
  return new TOTP({ ...settings, secret: Secret.fromBase32(secret), issuer: name, label: account }).toString();
}

/**
 * Finds the time step that a code belongs to, by the clock of the server.
 *
 * @returns the step, or `null` when the code is of no step that may be used now. Whether it was used before is not looked
 *   at here.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6238#section-5.2 RFC 6238, section 5.2}
 */
export function findTotpStep(secret: string, code: string, at: Date): number | null {
  if (!codePattern.test(code)) return null;
  const timestamp = at.getTime();
  const key = Secret.fromBase32(secret);
  const distance = TOTP.validate({ ...settings, secret: key, token: code, timestamp, window: skewSteps });
  return distance === null ? null : Math.floor(timestamp / (settings.period * 1000)) + distance;
}
