import { introspectionPath } from '@sallyport/core';

/** How a service without a gateway finds out who presents a token: it asks the gateway. */
export interface IntrospectionOptions {
  /** `<publicUrl>/oauth2/introspect`. */
  readonly url: string;
  /** The key of a service account with the permission `<audience>:introspect`. Keep it where other secrets are. */
  readonly apiKey: string;
  /**
   * How long an answer is believed without asking again: so long a token that was revoked may still be taken. 0 asks with
   * each request. 0 to 60. @default 10
   */
  readonly cacheSeconds?: number;
  /** How long the gateway may take before the request is answered 503. 100 to 30000. @default 2000 */
  readonly timeoutMilliseconds?: number;
}

const members: ReadonlySet<string> = new Set(['url', 'apiKey', 'cacheSeconds', 'timeoutMilliseconds']);

/** Says what is wrong with the option, by member and never by value. */
export function problemOfIntrospection(value: unknown, isSafelyFetched: (url: string) => boolean): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return 'must be an object with url and apiKey';
  const { url, apiKey, cacheSeconds, timeoutMilliseconds } = value as Readonly<Record<string, unknown>>; // Each is checked here.
  if (Object.keys(value).some((name) => !members.has(name))) return 'has members that are not options';
  if (typeof url !== 'string' || !URL.canParse(url) || !url.endsWith(introspectionPath))
    return `url must be a URL: <publicUrl>${introspectionPath}`;
  if (!isSafelyFetched(url)) return 'url must be https away from loopback, or set allowPlainHttpKeysOnPrivateNetwork';
  if (typeof apiKey !== 'string' || !/^sp_key_[0-9A-Za-z]{38}$/.test(apiKey))
    return 'apiKey must be an API key (sp_key_…)';
  if (!isWithin(cacheSeconds, 0, 60)) return 'cacheSeconds must be a number from 0 to 60';
  if (!isWithin(timeoutMilliseconds, 100, 30_000)) return 'timeoutMilliseconds must be a number from 100 to 30000';
  return undefined;
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return value === undefined || (typeof value === 'number' && value >= min && value <= max);
}
