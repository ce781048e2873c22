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
    browser: browser ?? 'Unknown browser',
    system: system ?? 'Unknown system',
  };
}

function toShownName(name: string | undefined): string | undefined {
  const shown = (name ?? '')
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, maximumNameLength);
  return shown === '' ? undefined : shown;
}
