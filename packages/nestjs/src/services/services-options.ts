/** How this service calls others for its users. */
export interface ServicesOptions {
  /** Address of the internal listener of the gateway: `<internalUrl>`. @default the origin of `keysUrl` */
  readonly url?: string;
  /** How long a call may take that names no time of its own. 100 to 300000. @default 10000 */
  readonly timeoutMilliseconds?: number;
}

/** What is wrong with the option `services`. */
export function problemOfServices(
  value: unknown,
  hasKeysUrl: boolean,
  isSafelyFetched: (url: string) => boolean,
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return 'must be an object';
  const { url, timeoutMilliseconds, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
  if (Object.keys(others).length > 0) return 'has members that are not options';
  if (timeoutMilliseconds !== undefined && !isTime(timeoutMilliseconds))
    return 'timeoutMilliseconds must be a number from 100 to 300000';
  if (url === undefined) return hasKeysUrl ? undefined : 'needs a url where there is no keysUrl';
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url))
    return 'url must be a URL: <internalUrl>';
  return isSafelyFetched(url)
    ? undefined
    : 'url must be https away from loopback, or set allowPlainHttpKeysOnPrivateNetwork';
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 100 && value <= 300_000;
}
