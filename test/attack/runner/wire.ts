import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  /** Names in lower case, in the order they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As it came, one character a byte, without the framing of chunks. */
  readonly body: string;
}

/** A connection that says exactly what it is told to. */
export interface Wire {
  send(text: string): void;
  /** Resolves to the next final answer; `undefined` when the connection ends, or nothing comes, before there is one. */
  next(options?: { readonly method?: string; readonly milliseconds?: number }): Promise<WireAnswer | undefined>;
  /** Resolves to everything that came, once the other side has closed or the time is over. */
  untilClosed(milliseconds?: number): Promise<string>;
  /** Waits until the text was received. */
  until(pattern: RegExp, milliseconds?: number): Promise<boolean>;
  /** Says that nothing follows. */
  end(): void;
  destroy(): void;
  readonly isClosed: boolean;
}

const patience = 10_000;

/** Opens a connection. */
export async function openWire(origin: string): Promise<Wire> {
  const { hostname, port } = new URL(origin);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => resolve(opening));
    opening.once('error', reject);
  });
  let text = '';
  let position = 0;
  let isClosed = false;
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  const finish = (): void => {
    isClosed = true;
    wake();
  };
  socket.on('end', finish);
  socket.on('close', finish);
  socket.on('error', finish);

  const changed = (deadline: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    send: (bytes) => {
      if (!socket.destroyed) socket.write(Buffer.from(bytes, 'latin1'));
    },
    next: async ({ method = 'GET', milliseconds = patience } = {}) => {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        const read = readAnswer(text.slice(position), method, isClosed);
        if (read !== undefined) {
          position += read.length;
          if (read.answer.status >= 200 || read.answer.status === 101) return read.answer;
          continue;
        }
        if (isClosed || Date.now() >= deadline) return undefined;
        await changed(deadline);
      }
    },
    untilClosed: async (milliseconds = patience) => {
      const deadline = Date.now() + milliseconds;
      while (!isClosed && Date.now() < deadline) await changed(deadline);
      return text;
    },
    until: async (pattern, milliseconds = patience) => {
      const deadline = Date.now() + milliseconds;
      while (!pattern.test(text) && !isClosed && Date.now() < deadline) await changed(deadline);
      return pattern.test(text);
    },
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    get isClosed() {
      return isClosed;
    },
  };
}

/** The values of a header, joined as HTTP joins them. */
export function headerOf(answer: WireAnswer, name: string): string | undefined {
  const values = answer.headers.filter(([known]) => known === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

function readAnswer(
  text: string,
  method: string,
  isClosed: boolean,
): { readonly answer: WireAnswer; readonly length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  if (end === -1 || status === 0) return undefined;
  const headers = text
    .slice(0, end)
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    });
  const start = end + 4;
  const value = (name: string): string | undefined => headers.find(([known]) => known === name)?.[1];
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') {
    return { answer: { status, headers, body: '' }, length: start };
  }
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') return readChunked(text, start, status, headers);
  const length = value('content-length');
  if (length !== undefined) {
    const stop = start + Number(length);
    if (text.length < stop) return undefined;
    return { answer: { status, headers, body: text.slice(start, stop) }, length: stop };
  }
  return isClosed ? { answer: { status, headers, body: text.slice(start) }, length: text.length } : undefined;
}

function readChunked(
  text: string,
  start: number,
  status: number,
  headers: WireAnswer['headers'],
): { readonly answer: WireAnswer; readonly length: number } | undefined {
  let at = start;
  let body = '';
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const next = line + 2 + size + 2;
    if (!(size >= 0) || text.length < next) return undefined;
    body += text.slice(line + 2, line + 2 + size);
    at = next;
    if (size === 0) return { answer: { status, headers, body }, length: at };
  }
}
