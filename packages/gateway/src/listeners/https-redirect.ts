import type { IncomingMessage, ServerResponse } from 'node:http';
import { asSallyportError, problemMediaType, SallyportError, toProblem, type ProblemContext } from '@sallyport/core';
import type { CheckedGatewayOptions } from '../gateway-options.ts';
import { readCanonicalRequest } from '../firewall/canonical-request.ts';
import { createHostMatcher, createKnownHosts, type KnownHosts } from '../firewall/known-hosts.ts';
import type { HandleRequest } from './listener.ts';
import { randomHex } from '../random-hex.ts';
import type { NoteRefusal } from '../record/note-refusal.ts';

const portSyntax = /:\d{1,5}$/;

/**
 * Answers what comes without TLS: GET and HEAD of a host that is served are sent to the same address on https, by the
 * rules of the gateway's own firewall; everything else is refused. Cookies and credentials that come along are not looked
 * at, and nothing is set.
 */
export function createHttpsRedirect(
  { publicUrl, publicOrigin, hosts, limits, routes }: CheckedGatewayOptions,
  note?: NoteRefusal,
): HandleRequest {
  const rawPath = new Set(routes.flatMap((route) => route.rawPath));
  const entrances = [new URL(publicUrl).host, ...hosts].map(toEntrance);
  const known = createKnownHosts(
    entrances.map(({ name }) => name),
    'http:',
  );
  // The port in front may be mapped to another one here, so which port a client names says nothing.
  const anyPort: KnownHosts = { find: (header) => known.find(header.replace(portSyntax, '')) };

  return (message, response, _, isHandedOver) => {
    try {
      const request = readCanonicalRequest(message, anyPort, {
        headers: limits.headers,
        headerBytes: limits.headerBytes,
        cookies: limits.cookies,
        pathParameters: false,
        rawPath,
      });
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!isRead || isHandedOver) throw new SallyportError('SP_HTTPS_REQUIRED', { reason: 'http-listener' });
      const entrance = entrances.find(({ matches }) => matches(request.host));
      answerRedirect(response, `https://${request.host}${entrance?.securePort ?? ''}${request.target}`);
    } catch (error) {
      const known = asSallyportError(error);
      const requestId = randomHex(32);
      note?.({ requestId, error: known });
      answerProblem(message, response, known, { requestId, documentationOrigin: publicOrigin });
    }
  };
}

/** A host that is served: its name or pattern without the port, and the port that it has on https. */
interface Entrance {
  readonly name: string;
  readonly securePort: string;
  readonly matches: (host: string) => boolean;
}

function toEntrance(pattern: string): Entrance {
  const [port = ''] = portSyntax.exec(pattern) ?? [];
  const name = pattern.slice(0, pattern.length - port.length).toLowerCase();
  return { name, securePort: port === ':443' ? '' : port, matches: createHostMatcher(name) };
}

/** 308 keeps the method; and no cache keeps the answer, so that a mistake in the configuration does not outlive it. */
function answerRedirect(response: ServerResponse, location: string): void {
  response.writeHead(308, { location, 'cache-control': 'no-store', 'content-length': 0 });
  response.end();
}

function answerProblem(
  message: IncomingMessage,
  response: ServerResponse,
  error: SallyportError,
  context: ProblemContext,
): void {
  const { status, headers, body } = toProblem(error, context);
  const content = JSON.stringify(body);
  // Whatever follows is not read: it may be a password.
  response.writeHead(status, {
    ...headers,
    'content-type': problemMediaType,
    'content-length': Buffer.byteLength(content),
    connection: 'close',
  });
  response.end(message.method === 'HEAD' ? undefined : content);
}
