import { expect } from 'vitest';
import { withoutHeader, type Exchange } from './recorder.ts';
import type { StoredText } from './stored-texts.ts';

/** Where a browser may have met a secret. */
export interface SeenByBrowser {
  /** What passed between the browser and the gateway. */
  readonly exchanges: readonly Exchange[];
  /** What pages kept and said: stores, scripts' cookies, the console, addresses. */
  readonly keptByPages: readonly StoredText[];
  /** What stood in the documents. */
  readonly documents: readonly StoredText[];
}

/** Everything that the browser saw or kept: but what it sent as a body, and cookies in the headers of its requests. */
export function placesOf({ exchanges, keptByPages, documents }: SeenByBrowser): readonly StoredText[] {
  const wire = exchanges.flatMap((exchange) => [
    { place: `address ${exchange.url}`, text: exchange.url },
    { place: `request headers ${exchange.url}`, text: exchange.requestHeaders.join('\n') },
    ...answerOf(exchange),
  ]);
  return [...wire, ...keptByPages, ...documents];
}

/** The same without the headers in which cookies stand, and with the bodies that were sent. */
export function placesBesideCookies({ exchanges, keptByPages, documents }: SeenByBrowser): readonly StoredText[] {
  const wire = exchanges.flatMap(({ url, requestHeaders, requestBody, responseHeaders, responseBody }) => [
    { place: `address ${url}`, text: url },
    { place: `request headers ${url}`, text: withoutHeader(requestHeaders, 'cookie').join('\n') },
    { place: `request body ${url}`, text: requestBody },
    { place: `headers ${url}`, text: withoutHeader(responseHeaders, 'set-cookie').join('\n') },
    { place: `body ${url}`, text: responseBody },
  ]);
  return [...wire, ...keptByPages, ...documents];
}

/** The answer of an exchange: what the server said. */
export function answerOf({ url, responseHeaders, responseBody }: Exchange): readonly StoredText[] {
  return [
    { place: `headers ${url}`, text: responseHeaders.join('\n') },
    { place: `body ${url}`, text: responseBody },
  ];
}

/** All of an exchange, in both directions. */
export function everythingOf(exchange: Exchange): readonly StoredText[] {
  const { url, requestHeaders, requestBody } = exchange;
  return [{ place: `request ${url}`, text: [url, ...requestHeaders, requestBody].join('\n') }, ...answerOf(exchange)];
}

/** Names the places only: the secret that was found must not end up in the report of the test. */
export function whereIs(secret: string, places: readonly StoredText[]): readonly string[] {
  expect(secret.length).toBeGreaterThan(8);
  return places.filter(({ text }) => text.includes(secret)).map(({ place }) => place);
}
