import { isHost } from '../options/host-pattern.ts';
import { isLoopbackHost } from '../sessions/session-cookie.ts';

/** Why a listener on loopback does not answer: a name that is not its own, or a page of another origin behind the request. */
export type LocalRefusal = 'host-unknown' | 'from-a-page';

export interface LocalCallersOptions {
  /**
   * Whom the listener serves: `programs` sends away every request that a browser marks; `own-pages` serves its own pages too,
   * and links to them that a person follows from elsewhere.
   */
  readonly serves: 'programs' | 'own-pages';
  /**
   * Further names, with the port where it is not 80, that callers may use: those of a tunnel or of a proxy. `any` where the
   * listener is open to the network and a token decides.
   * @default none
   */
  readonly hosts?: readonly string[] | 'any';
}

/** A request as it came, before anything of it is believed. */
export interface LocalRequest {
  readonly method: string;
  /** The port that the connection came to; `undefined` where none did, because the call stayed in the process. */
  readonly port: number | undefined;
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

/** Says why a request is refused; `undefined` where it is not. */
export type JudgeLocalRequest = (request: LocalRequest) => LocalRefusal | undefined;

/**
 * Builds the rule of every listener that is bound to loopback. That it is bound there keeps other machines out, and no page:
 * the browser of this machine reaches it for any site that asks, by its address or by a name that the site points here
 * (DNS rebinding). So a listener answers to its own names alone, and never to what a browser says comes from elsewhere.
 *
 * @see {@link https://www.w3.org/TR/fetch-metadata/ Fetch Metadata}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-7.2 RFC 9110, section 7.2, Host}
 * @example
 * const judge = createLocalCallers({ serves: 'programs' });
 * judge({ method: 'GET', port: 9464, header: (name) => headers[name] }); // 'host-unknown' for Host: evil.example
 */
export function createLocalCallers({ serves, hosts = [] }: LocalCallersOptions): JudgeLocalRequest {
  const named = hosts === 'any' ? undefined : new Set(hosts.map((host) => host.toLowerCase()));
  return (request) => {
    const host = (request.header('host') ?? '').toLowerCase();
    if (named?.has(host) === false && !isOwnName(host, request.port)) return 'host-unknown';
    const isFromPage = serves === 'programs' ? isOfBrowser(request) : isOfOtherOrigin(host, request);
    return isFromPage ? 'from-a-page' : undefined;
  };
}

/** `localhost` and the addresses of loopback, with the port of the listener. */
function isOwnName(host: string, port: number | undefined): boolean {
  if (!isHost(host)) return false;
  const [portText = ''] = /:\d{1,5}$/.exec(host.replace(/^\[.*\]/, '')) ?? [];
  const name = host.slice(0, host.length - portText.length).replace(/\.$/, '');
  return isLoopbackHost(name) && (port === undefined || Number(portText.slice(1) || 80) === port);
}

/** Programs send neither of these; browsers send one with whatever a page makes them do. */
function isOfBrowser({ header }: LocalRequest): boolean {
  return header('origin') !== undefined || header('sec-fetch-site') !== undefined;
}

function isOfOtherOrigin(host: string, { method, header }: LocalRequest): boolean {
  const origin = header('origin');
  // A tunnel may add TLS: under one name and port there is never both.
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return true;
  const site = header('sec-fetch-site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  // A link that a person follows tells the site on which it stands nothing. A frame or a script would.
  return method !== 'GET' || header('sec-fetch-mode') !== 'navigate' || header('sec-fetch-dest') !== 'document';
}
