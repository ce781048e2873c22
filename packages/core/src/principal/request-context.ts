import type { Caller } from './principal.ts';

/** What the door knows of a request by the time it hands it to identity. */
export interface RequestContext {
  readonly requestId: string;
  /** Address of the client: of the socket, or as a declared proxy reports it. */
  readonly clientAddress: string;
  readonly caller: Caller;
  /** Tells the door why the request was refused, for its one line on it. The caller hears the code alone. */
  readonly noteRefusal?: (code: string, reason: string | undefined) => void;
}
