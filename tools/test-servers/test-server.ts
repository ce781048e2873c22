import type { ServerProcess } from './server-process.ts';

/** A store that tests may use. */
export interface RunningServer {
  readonly kind: 'running';
  readonly url: string;
  /** The process, to be broken; a server that was given has none. */
  readonly process: ServerProcess | undefined;
  /** Ends the server and removes its data. A server that was given stays. */
  stop(): Promise<void>;
}

/** A store that this machine does not have, or that would not start. */
export interface AbsentServer {
  readonly kind: 'absent';
  /** One line for people; names what to install, and never an address. */
  readonly reason: string;
}

export type TestServer = RunningServer | AbsentServer;

/** A server that was not started by this run. */
export function givenServer(url: string): RunningServer {
  return { kind: 'running', url, process: undefined, stop: () => Promise.resolve() };
}

/** A server of ours, which goes with `stop`. */
export function ownServer(url: string, process: ServerProcess): RunningServer {
  return { kind: 'running', url, process, stop: () => process.stop() };
}

export function absentServer(reason: string): AbsentServer {
  return { kind: 'absent', reason };
}
