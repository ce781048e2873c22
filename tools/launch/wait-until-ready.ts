import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

const pollMilliseconds = 60;
const requestTimeoutMilliseconds = 5_000;

export interface Probe {
  /** What is asked for; its host name goes into the request, the connection always goes to 127.0.0.1. */
  readonly url: string;
  /** Certificate authority, as PEM, for https. */
  readonly authority?: string | undefined;
  /** `Host` of the request, where it is not that of the address. */
  readonly host?: string;
}

/** Asks until the answer is a success. Rejects when the signal aborts. */
export async function waitUntilReady(probe: Probe, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const status = await statusOf(probe, signal);
    if (status !== undefined && status >= 200 && status < 300) return;
    await wait(pollMilliseconds, undefined, { signal });
  }
}

/** Resolves to the status of one GET, or to nothing when there was no answer. */
export async function statusOf(
  { url, authority, host: ownHost }: Probe,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const isHttps = protocol === 'https:';
  return new Promise((resolve) => {
    const request = (isHttps ? requestHttps : requestHttp)({
      host: '127.0.0.1',
      port: port === '' ? (isHttps ? 443 : 80) : port,
      path: pathname + search,
      headers: { host: ownHost ?? host, accept: 'text/html,application/json;q=0.9,*/*;q=0.8' },
      agent: false,
      timeout: requestTimeoutMilliseconds,
      ...(isHttps ? { servername: hostname, ca: authority } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
    request.end();
  });
}
