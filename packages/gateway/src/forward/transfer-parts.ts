import type { Dispatcher } from 'undici';
import type { SlowClients } from '../limits/slow-clients.ts';
import type { StreamRegister } from '../streams/stream-register.ts';
import type { TokenBinding } from './bind-token.ts';
import type { ChooseTarget } from './choose-target.ts';
import type { SendOn } from './forwarding.ts';
import type { IdleAnswers } from './idle-answers.ts';
import type { ResponseRules } from './upstream-response.ts';
import type { UpstreamMeasures } from './upstream-measures.ts';

/** What all transfers of a route share. */
export interface TransferParts {
  readonly choice: ChooseTarget;
  /** Whether the requests of a caller go to the same target. */
  readonly hasAffinity: boolean;
  /** Present where tokens hold over the connections of the gateway alone. */
  readonly binding: TokenBinding | undefined;
  readonly answers: ResponseRules;
  readonly sendOn: SendOn;
  readonly streams: StreamRegister;
  readonly measures: UpstreamMeasures;
  readonly idleAnswers: IdleAnswers;
  readonly slowClients: Pick<SlowClients, 'spareDuring'>;
  /** How long nothing may come of an answer; 0 for as long as it likes. */
  readonly idleMilliseconds: number;
  /** The same for a stream of events. */
  readonly silenceMilliseconds: number;
}

/** What undici is asked to send. Without a name it would take that of `Host` for the upstream's. */
export interface ForwardOptions extends Dispatcher.DispatchOptions {
  servername: string;
  readonly headers: string[];
}
