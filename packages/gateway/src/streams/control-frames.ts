import { randomBytes } from 'node:crypto';
import { endSigns, type StreamEnd } from './stream-end.ts';

const close = 0x88;
const isMasked = 0x80;

/** A ping without payload, as a server sends it (RFC 6455, section 5.5.2). */
export const pingFrame: Buffer = Buffer.from([0x89, 0x00]);

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
