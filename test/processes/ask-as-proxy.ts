import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** What a browser asks. */
export interface ProxiedQuestion {
  /** @default GET */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks a gateway of this machine as a proxy that ends TLS for `publicHost` does it for a browser. */
export async function askAsProxy(
  port: number,
  publicHost: string,
  target: string,
  { method = 'GET', headers = {}, body }: ProxiedQuestion = {},
): Promise<ProxiedAnswer> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path: target,
    method,
    agent: false,
    headers: {
      host: publicHost,
      accept: 'text/html',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      ...(method === 'GET'
        ? { 'sec-fetch-site': 'none' }
        : { origin: `https://${publicHost}`, 'sec-fetch-site': 'same-origin' }),
      ...headers,
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
