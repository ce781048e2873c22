import { called, isObject, memberOf } from './guarded-transport.ts';

/**
 * Headers that a broker keeps beside the payload, of the context that Nest makes: of Kafka, of RabbitMQ, and the user
 * properties of MQTT 5. `undefined` for other transports.
 */
export function brokerHeadersOf(context: unknown): object | undefined {
  const message = called(context, 'getMessage');
  const headers =
    memberOf(message, 'headers') ??
    memberOf(memberOf(message, 'properties'), 'headers') ??
    memberOf(memberOf(called(context, 'getPacket'), 'properties'), 'userProperties');
  return isObject(headers) ? headers : undefined;
}

/**
 * What is the same for each delivery of one message, and another for a copy of it: what the transport says itself, and the
 * place of a message of Kafka, which the broker gives. RabbitMQ and MQTT number deliveries, and not messages.
 */
export function deliveryOf(context: unknown): string | undefined {
  const said = called(context, 'getDelivery');
  if (typeof said === 'string' && said !== '') return said;
  const [topic, partition] = [called(context, 'getTopic'), called(context, 'getPartition')];
  const offset = memberOf(called(context, 'getMessage'), 'offset');
  if (typeof topic !== 'string' || typeof partition !== 'number' || typeof offset !== 'string') return undefined;
  return `${topic}/${partition}/${offset}`;
}
