import type { ClientCertificate } from './client-certificate.ts';
import type { Caller } from './principal.ts';

/** What the gateway knows of a request by the time it hands it to identity. */
export interface RequestContext {
  readonly requestId: string;
  /** Address of the client: of the socket, or as a declared proxy reports it. */
  readonly clientAddress: string;
  readonly caller: Caller;
  /** When what the caller presented ends, in seconds since 1970: no token that is made for it may live longer. */
  readonly notAfter?: number | undefined;
  /**
   * The client certificate, verified by the gateway: only of requests that came to the listener for machines, over a
   * connection with one or through a declared proxy that names it.
   */
  readonly certificate?: ClientCertificate | undefined;
  /** Gives the gateway the reason of a refusal, for its log line. The caller gets the code alone. */
  readonly noteRefusal?: (code: string, reason: string | undefined) => void;
}
