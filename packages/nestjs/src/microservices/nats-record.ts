import { NatsRecord } from '@nestjs/microservices';
import type { MetadataLike, SealedMessage } from '../messages/message-sealer.ts';

/**
 * A sealed message for NATS: its token is in the headers, and its payload is what the consumer is sent anyway.
 *
 * @param headers of the NATS client: `headers()` of `@nats-io/transport-node`.
 * @example
 * const sealed = await this.messages.seal({ audience: 'billing', pattern: 'invoice.create', data }, request);
 * this.nats.emit('invoice.create', toNatsRecord(sealed, headers()));
 */
export function toNatsRecord<Payload, Headers extends MetadataLike>(
  sealed: SealedMessage<Payload>,
  headers: Headers,
): NatsRecord<Payload, Headers> {
  headers.set('authorization', sealed.authorization);
  return new NatsRecord(sealed.data, headers);
}
