import type { Message } from '@sallyport/core';

/** A message that arrived. */
export interface ArrivedMessage extends Message {
  readonly id: number;
  readonly at: Date;
}
