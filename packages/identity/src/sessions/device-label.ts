import { parse } from 'bowser';

/** A browser, in words that its owner recognises. */
export interface DeviceNames {
  /** For example `Chrome on Linux`. */
  readonly label: string;
  readonly browser: string;
  readonly system: string;
}

/** Longer user agents are cut: what follows names no browser, and regular expressions run over it. */
const maximumLength = 512;

/** Cuts a `User-Agent` header to what is kept of it. */
export function toStoredUserAgent(header: string | null | undefined): string {
  return (header ?? '').slice(0, maximumLength);
}

/** Names the browser and the system behind a `User-Agent` header. Nothing is decided by it: anybody can send any. */
export function toDeviceNames(userAgent: string): DeviceNames {
  const { browser, os } = userAgent === '' ? { browser: {}, os: {} } : parse(toStoredUserAgent(userAgent));
  const names = { browser: browser.name ?? 'Unknown browser', system: os.name ?? 'unknown system' };
  return { label: `${names.browser} on ${names.system}`, ...names };
}
