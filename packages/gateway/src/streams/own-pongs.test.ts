import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { handshake, openRaw, readFrames, writeFrame, type WebSocketClient } from '../test-support/web-socket-client.ts';
import { agreementTo, startWebSocketUpstream, type WebSocketUpstream } from '../test-support/web-socket-upstream.ts';
import { pingFrame } from './control-frames.ts';
import { FrameBoundary } from './frame-boundary.ts';
import { OwnPongs } from './own-pongs.ts';

const settled = { timeout: 10_000, interval: 10 };
const [ping, pong] = [9, 10];
const word = pingFrame.subarray(2);
const own = writeFrame(word, { opcode: pong, isMasked: true });
const masked = { isMasked: true } as const;

describe('a tunnel whose client answers pings', () => {
  let upstream: WebSocketUpstream;
  let gateway: TestGateway;
  let client: WebSocketClient;
  let end: Duplex;
  let arrived: Buffer;
  beforeEach(async () => {
    holdIntervals();
    upstream = await startWebSocketUpstream();
    upstream.answer = (request, socket) => {
      end = socket;
      arrived = Buffer.alloc(0);
      socket.on('data', (piece: Buffer) => (arrived = Buffer.concat([arrived, piece])));
      socket.write(agreementTo(request));
    };
    gateway = await startTestGateway({
      streams: { heartbeatSeconds: 1 },
      moreRoutes: [{ name: 'open', prefix: '/open', access: 'public', upstream: upstream.origin }],
    });
    client = openRaw(handshake('/open'), gateway.port);
    await isOpened();
    await isPinged();
  });
  afterEach(async () => {
    releaseIntervals();
    client.socket.destroy();
    await gateway.close();
    await upstream.close();
  });

  const isOpened = async (): Promise<void> => {
    await expect.poll(client.received, settled).toContain('\r\n\r\n');
  };
  const pings = (): number => client.frames().filter(({ opcode }) => opcode === ping).length;
  const isPinged = async (count = 1): Promise<void> => {
    passSeconds(1);
    await expect.poll(pings, settled).toBe(count);
  };
  const last = writeFrame('last', masked);
  const arrivesAs = async (bytes: Buffer): Promise<void> => {
    await expect.poll(() => arrived.toString('latin1'), settled).toBe(bytes.toString('latin1'));
  };

  it('keeps the answer to the ping of the gateway from the upstream', async () => {
    expect(client.frames().at(-1)?.payload).toEqual(word);
    client.socket.write(own);
    client.socket.write(last);
    await arrivesAs(last);
  });

  it('keeps it out with frames before and behind it, and between the parts of a message', async () => {
    const [begin, rest] = [
      writeFrame('be', { ...masked, isFinal: false }),
      writeFrame('gun', { ...masked, opcode: 0 }),
    ];
    const large = writeFrame('x'.repeat(200_000), masked);
    client.socket.write(Buffer.concat([large, begin, own, rest, last]));
    await arrivesAs(Buffer.concat([large, begin, rest, last]));
  });

  it('keeps it out when it comes byte by byte', async () => {
    client.socket.setNoDelay(true);
    for (const byte of Buffer.concat([own, last])) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await arrivesAs(last);
  });

  it.each([
    { name: 'that was not asked for', frame: writeFrame('', { ...masked, opcode: pong }) },
    { name: 'of the same length', frame: writeFrame('12345678', { ...masked, opcode: pong }) },
    { name: 'that says more', frame: writeFrame(Buffer.concat([word, word]), { ...masked, opcode: pong }) },
    { name: 'that says less', frame: writeFrame(word.subarray(1), { ...masked, opcode: pong }) },
  ])('passes on a pong $name', async ({ frame }) => {
    client.socket.write(Buffer.concat([frame, own, last]));
    await arrivesAs(Buffer.concat([frame, last]));
  });

  it('passes on a pong to a ping of the upstream, and anything else that says that word', async () => {
    end.write(writeFrame('theirs', { opcode: ping }));
    await expect.poll(() => client.frames().at(-1)?.payload.toString(), settled).toBe('theirs');
    const theirs = writeFrame('theirs', { ...masked, opcode: pong });
    const others = [1, 2, ping].map((opcode) => writeFrame(word, { ...masked, opcode }));
    client.socket.write(Buffer.concat([theirs, ...others, own, last]));
    await arrivesAs(Buffer.concat([theirs, ...others, last]));
  });

  it('keeps the answer out each time that the gateway pings', async () => {
    client.socket.write(own);
    await isPinged(2);
    client.socket.write(own);
    client.socket.write(last);
    await arrivesAs(last);
  });

  it('says no half of a frame before it ends both sides', async () => {
    client.socket.write(Buffer.concat([last, own.subarray(0, 5)]));
    await arrivesAs(last);
    await gateway.gateway.close({ graceMilliseconds: 100 });
    const [, closeFrame] = readFrames(arrived);
    expect(closeFrame?.opcode).toBe(8);
  });
});

describe('whatever frames come in whatever pieces', () => {
  const frame = fc.record({
    isOwn: fc.boolean(),
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    size: fc.oneof(fc.constantFrom(0, 7, 8, 9, 125, 126, 127), fc.nat(400)),
  });

  it('nothing but the awaited answers is missing', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 300 })), (frames, sizes) => {
        const written = frames.map(({ isOwn, opcode, size }) =>
          isOwn ? own : writeFrame('y'.repeat(size), { opcode, isMasked: true }),
        );
        const sent = Buffer.concat(written);
        const pongs = new OwnPongs();
        for (const { isOwn } of frames) if (isOwn) pongs.expect();
        const boundary = new FrameBoundary();
        const passed: Buffer[] = [];
        for (let at = 0, turn = 0; at < sent.length; turn++) {
          const size = sizes[turn % Math.max(1, sizes.length)] ?? sent.length;
          pongs.pass(sent.subarray(at, at + size), boundary, (piece) => passed.push(piece) > 0);
          at += size;
        }
        expect(Buffer.concat(passed).equals(Buffer.concat(written.filter((one) => one !== own)))).toBe(true);
        expect([pongs.isAwaited, boundary.isReached]).toEqual([false, true]);
      }),
      { numRuns: 500 },
    );
  });
});
