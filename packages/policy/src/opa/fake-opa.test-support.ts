import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to it. */
export interface AskedOpa {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly input: Readonly<Record<string, unknown>> };
}

/** A server with the data API of OPA, whose answers a test chooses. */
export interface FakeOpa {
  readonly url: string;
  readonly asked: readonly AskedOpa[];
  /** How the next questions are answered. */
  answer: (response: ServerResponse, question: AskedOpa) => void;
  close(): Promise<void>;
}

/** Answers with JSON. */
export function withJson(value: unknown, status = 200): FakeOpa['answer'] {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

/** Starts it on a free port of 127.0.0.1. */
export async function startFakeOpa(): Promise<FakeOpa> {
  const asked: AskedOpa[] = [];
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // No encoding was set.
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as AskedOpa['body']; // Asserted by the tests.
    const question = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    asked.push(question);
    fake.answer(response, question);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const fake: FakeOpa = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: withJson({ result: false }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}
