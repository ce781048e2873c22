import type { SealedMessage } from '../messages/message-sealer.ts';

/** An entry of a stream, as it was read. */
export interface StreamEntry {
  readonly stream: string;
  readonly id: string;
  readonly pattern: string | undefined;
  /** JSON text of an envelope, or of a payload. */
  readonly data: string | undefined;
}

/**
 * The fields of an entry of a Redis stream, for `XADD`.
 *
 * @example
 * await redis.xadd('invoices', '*', ...toStreamFields('invoice.create', sealed));
 */
export function toStreamFields(pattern: string, sealed: Pick<SealedMessage, 'envelope'>): string[] {
  return ['pattern', pattern, 'data', JSON.stringify(sealed.envelope)];
}

/** Reads the entries in an answer of XREADGROUP: a list of streams, each with its entries. */
export function parseStreams(answer: unknown): readonly StreamEntry[] {
  return listOf(answer).flatMap((one) => {
    const [stream, entries] = listOf(one);
    return typeof stream === 'string' ? parseEntries(stream, entries) : [];
  });
}

/** Reads the entries in an answer of XCLAIM. One that was deleted meanwhile has no fields. */
export function parseEntries(stream: string, answer: unknown): readonly StreamEntry[] {
  return listOf(answer).flatMap((one) => {
    const [id, values] = listOf(one);
    if (typeof id !== 'string') return [];
    const fields = listOf(values).map(String);
    const valueOf = (name: string): string | undefined => {
      const index = fields.findIndex((field, at) => at % 2 === 0 && field === name);
      return index === -1 ? undefined : fields[index + 1];
    };
    return [{ stream, id, pattern: valueOf('pattern'), data: valueOf('data') }];
  });
}

/** Reads which entries wait, and how often each was delivered, in an answer of XPENDING. */
export function parsePending(answer: unknown): readonly { readonly id: string; readonly deliveries: number }[] {
  return listOf(answer).flatMap((one) => {
    const [id, , , deliveries] = listOf(one);
    return typeof id === 'string' ? [{ id, deliveries: Number(deliveries) }] : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
