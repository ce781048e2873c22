import { connect, type Socket } from 'node:net';
import { exampleKey } from './web-socket-upstream.ts';

/** A client that shows every byte it got. */
export interface WebSocketClient {
  readonly socket: Socket;
  readonly received: () => string;
  /** The frames after the head of the answer. */
  readonly frames: () => readonly Frame[];
  readonly isEnded: () => boolean;
}

export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The bytes of a handshake; `undefined` leaves a header out. */
export function handshake(target: string, change: Readonly<Record<string, string | undefined>> = {}): string {
  const headers: Readonly<Record<string, string | undefined>> = {
    Host: 'app.test',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': exampleKey,
    'Sec-WebSocket-Version': '13',
    Origin: 'https://app.test',
    ...change,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** Sends bytes as they are, and keeps what comes back. */
export function openRaw(bytes: string | Buffer, port: number): WebSocketClient {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(bytes));
  return watchSocket(socket);
}

/** Keeps what comes over a socket, such as one with TLS. */
export function watchSocket(socket: Socket): WebSocketClient {
  const chunks: Buffer[] = [];
  let isEnded = false;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (isEnded = true));
  socket.on('close', () => (isEnded = true));
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    received,
    frames: () => {
      const bytesSoFar = received();
      const end = bytesSoFar.indexOf('\r\n\r\n');
      return end === -1 ? [] : readFrames(Buffer.from(bytesSoFar.slice(end + 4), 'latin1'));
    },
    isEnded: () => isEnded,
  };
}

/** Reads the whole frames at the beginning of some bytes (RFC 6455, section 5.2). */
export function readFrames(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const first = bytes.readUInt8(at);
    const second = bytes.readUInt8(at + 1);
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskAt = at + 2 + lengthBytes;
    if (maskAt > bytes.length) break;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const isMasked = (second & 0x80) !== 0;
    const start = maskAt + (isMasked ? 4 : 0);
    if (start + length > bytes.length) break;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (isMasked)
      for (const [index, byte] of payload.entries()) payload[index] = byte ^ (bytes[maskAt + (index % 4)] ?? 0);
    frames.push({ isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload });
    at = start + length;
  }
  return frames;
}

/** Writes a frame as a server sends it, or masked as a client does. */
export function writeFrame(
  payload: string | Buffer,
  { opcode = 1, isFinal = true, isMasked = false }: { opcode?: number; isFinal?: boolean; isMasked?: boolean } = {},
): Buffer {
  const content = Buffer.from(payload);
  const { length } = content;
  const size =
    length < 126
      ? Buffer.from([length])
      : length < 65_536
        ? Buffer.from([126, length >> 8, length & 0xff])
        : longSize(length);
  if (isMasked) size[0] = (size[0] ?? 0) | 0x80;
  const mask = Buffer.from([1, 2, 3, 4]);
  if (isMasked) for (const [index, byte] of content.entries()) content[index] = byte ^ (mask[index % 4] ?? 0);
  return Buffer.concat([
    Buffer.from([(isFinal ? 0x80 : 0) | opcode]),
    size,
    isMasked ? mask : Buffer.alloc(0),
    content,
  ]);
}

function longSize(length: number): Buffer {
  const size = Buffer.alloc(9);
  size[0] = 127;
  size.writeBigUInt64BE(BigInt(length), 1);
  return size;
}

/** What a close frame says: its code and its reason. */
export function closeOf(frame: Frame | undefined): { readonly code: number; readonly reason: string } | undefined {
  if (frame?.opcode !== 8) return undefined;
  return { code: frame.payload.readUInt16BE(0), reason: frame.payload.toString('utf8', 2) };
}
