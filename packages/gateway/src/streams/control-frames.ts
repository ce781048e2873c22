import { randomBytes } from 'node:crypto';
import { endSigns, type StreamEnd } from './stream-end.ts';

const close = 0x88;
const ping = 0x89;
const pong = 0x8a;
const isMasked = 0x80;

/** What the gateway's own pings say, so that their pongs can be told from all others: another word in each process. */
const pingPayload = randomBytes(8);

/** A ping, as a server sends it (RFC 6455, section 5.5.2). */
export const pingFrame: Buffer = Buffer.concat([Buffer.from([ping, pingPayload.length]), pingPayload]);

/** Bytes of the pong that answers it, as a client sends it: with a mask. */
export const pongLength = 2 + 4 + pingPayload.length;

/** Whether a frame, of which the beginning is there, is the answer to the gateway's ping. */
export function judgePong(bytes: Uint8Array, at: number): 'own' | 'other' | 'unknown' {
  if (bytes[at] !== pong) return 'other';
  if (at + 1 === bytes.length) return 'unknown';
  if (bytes[at + 1] !== (isMasked | pingPayload.length)) return 'other';
  if (at + pongLength > bytes.length) return 'unknown';
  const isOwn = pingPayload.every(
    (byte, index) => byte === ((bytes[at + 6 + index] ?? 0) ^ (bytes[at + 2 + (index % 4)] ?? 0)),
  );
  return isOwn ? 'own' : 'other';
}

/** The close frame of an end, as a server sends it (RFC 6455, section 5.5.1). */
export function closeFrameOf(end: StreamEnd): Buffer {
  const payload = closePayloadOf(endSigns[end].closeCode, endSigns[end].closeReason);
  return Buffer.concat([Buffer.from([close, payload.length]), payload]);
}

/** What the upstream is told: that its client goes away, masked as all that clients send (RFC 6455, section 5.3). */
export function goingAwayFrame(): Buffer {
  const payload = closePayloadOf(1001, '');
  const mask = randomBytes(4);
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return Buffer.concat([Buffer.from([close, isMasked | payload.length]), mask, payload]);
}

function closePayloadOf(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}
