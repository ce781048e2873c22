/** What is used of a connection of ioredis. */
export interface RedisConnection {
  call(command: string, ...values: (string | number)[]): Promise<unknown>;
  /** Another connection with the same options. */
  duplicate(): RedisConnection;
  disconnect(): void;
}
