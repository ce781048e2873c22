import { parse } from 'bowser';

/** A browser, in words that its owner recognises. */
export interface DeviceNames {
  /** For example `Chrome on Linux`. */
  readonly label: string;
  /** With its version: `Chrome 140`. */
  readonly browser: string;
  /** With its version where the browser tells it: `iOS 18`, `Windows`. */
  readonly system: string;
}

/** Longer user agents are cut: what follows names no browser, and regular expressions run over it. */
const maximumLength = 512;

/** Names that are not known for what they are come from the header itself, and may be any text. */
const maximumNameLength = 40;

/** Cuts a `User-Agent` header to what is kept of it. */
export function toStoredUserAgent(header: string | null | undefined): string {
  return (header ?? '').slice(0, maximumLength);
}

/** Names the browser and the system behind a `User-Agent` header. Nothing is decided by it: a client can send any. */
export function toDeviceNames(userAgent: string): DeviceNames {
  const parsed = userAgent === '' ? undefined : parse(toStoredUserAgent(userAgent));
  const browser = toShownName(parsed?.browser.name);
  const system = toShownName(parsed?.os.name);
  return {
    label: [browser ?? 'Unknown browser', ...(system === undefined ? [] : [system])].join(' on '),
    browser: withVersion(browser ?? 'Unknown browser', parsed?.browser.version),
    system: withVersion(system ?? 'Unknown system', isFrozen(system) ? undefined : parsed?.os.version),
  };
}

/** Systems whose version browsers do not tell any more: all of them say Windows 10, macOS 10.15 and Android 10. */
function isFrozen(system: string | undefined): boolean {
  return system === undefined || /^(?:Windows|macOS|Android|Linux|Chrome OS)$/i.test(system);
}

/** The first number tells one installation from another; the rest changes with every update. */
function withVersion(name: string, version: string | undefined): string {
  const major = /^\d{1,4}/.exec(version ?? '')?.[0];
  return major === undefined ? name : `${name} ${major}`;
}

function toShownName(name: string | undefined): string | undefined {
  const shown = (name ?? '')
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, maximumNameLength);
  return shown === '' ? undefined : shown;
}
