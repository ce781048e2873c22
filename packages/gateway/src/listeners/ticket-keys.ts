import { randomBytes } from 'node:crypto';
import type { Server } from 'node:https';

/** An attacker with a ticket key reads every session that was resumed under it, so none lives long. */
const rotationMilliseconds = 6 * 3_600_000;

/** Bytes that Node asks for: name, HMAC key and AES key of one ticket key. */
const ticketKeyBytes = 48;

/**
 * Replaces the key of session tickets every six hours. It never leaves the process: a client that comes back to another
 * process, or after a rotation, makes a full handshake, which costs a millisecond and gives nothing away.
 *
 * @returns what ends the rotation.
 */
export function rotateTicketKeys(server: Server): () => void {
  const timer = setInterval(() => server.setTicketKeys(randomBytes(ticketKeyBytes)), rotationMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
