import { BaseRpcContext } from '@nestjs/microservices';

type StreamPlace = [stream: string, entryId: string, pattern: string];

/** The entry of a stream that a handler works on: `@Ctx() context: RedisStreamsContext`. */
export class RedisStreamsContext extends BaseRpcContext<StreamPlace> {
  getStream(): string {
    return this.args[0];
  }

  getEntryId(): string {
    return this.args[1];
  }

  getPattern(): string {
    return this.args[2];
  }

  /** The same for each delivery of one entry, and another one for a copy of it. */
  getDelivery(): string {
    return `${this.args[0]}/${this.args[1]}`;
  }
}
