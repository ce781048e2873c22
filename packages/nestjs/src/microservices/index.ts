export type { MessageEnvelope } from '../messages/message-envelope.ts';
export type { MessageOptions } from '../messages/message-options.ts';
export { createMemoryReplays, type MemoryReplaysOptions, type MessageReplays } from '../messages/message-replays.ts';
export {
  MessageSealer,
  type GrpcMethodToCall,
  type MessageToSeal,
  type MetadataLike,
  type SealedMessage,
  type SealInit,
} from '../messages/message-sealer.ts';
export { toNatsRecord } from './nats-record.ts';
export type { RedisConnection } from './redis-connection.ts';
export { createRedisReplays, type RedisReplaysOptions } from './redis-replays.ts';
export { RedisStreamsContext } from './redis-streams-context.ts';
export type { RedisStreamsOptions } from './redis-streams-options.ts';
export { RedisStreamsServer } from './redis-streams-server.ts';
export { toStreamFields } from './stream-entry.ts';
export { MessageTokenError, type MessageTokenErrorKind } from '@sallyport/core';
