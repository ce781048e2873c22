import type { Server } from 'node:http';

/** A service that nginx asks about each request, and a user who is signed in there. */
export interface Verifier {
  readonly server: Server;
  /** The `Cookie` header of the session. */
  readonly cookie: string;
  readonly counters: () => Readonly<Record<string, number>>;
}
