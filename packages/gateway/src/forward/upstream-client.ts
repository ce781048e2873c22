import { Client, type buildConnector, type Dispatcher } from 'undici';
import { InterimReader, skipInterimAnswers } from './interim-answers.ts';

/**
 * One of the connections of a pool, over which one request goes at a time: the pool gives it the next one when the answer
 * before is whole. So what is read after a request was given to it begins an answer.
 */
class UpstreamClient extends Client {
  readonly #interim: InterimReader;

  constructor(origin: URL, options: Client.Options, connect: buildConnector.connector) {
    const interim = new InterimReader();
    super(origin, {
      ...options,
      connect: (to, callback) =>
        connect(to, (...outcome) => {
          const [, socket] = outcome;
          if (socket !== null && socket !== undefined) skipInterimAnswers(socket, interim);
          callback(...outcome);
        }),
    });
    this.#interim = interim;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#interim.isAtStart = true;
    return super.dispatch(options, handler);
  }
}

/** Builds what opens the connections of a pool: its option `factory`. */
export function createClientFactory(connect: buildConnector.connector): (origin: URL, options: object) => Dispatcher {
  return (origin, options) => new UpstreamClient(origin, options, connect);
}
