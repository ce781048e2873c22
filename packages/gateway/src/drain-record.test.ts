import { connect } from 'node:net';
import type { Logger, LogFields } from '@sallyport/core';
import { afterEach, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

let gateway: TestGateway | undefined;
afterEach(() => gateway?.close());

interface Line {
  readonly level: string;
  readonly fields: LogFields | undefined;
}

function keepLines(lines: Line[]): Logger {
  const at =
    (level: string) =>
    (_message: string, fields?: LogFields): void =>
      void lines.push({ level, fields });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

it.each([
  ['before its answer', () => {}],
  [
    'in the middle of its answer',
    (response: { write: (text: string) => unknown }) => void response.write('the beginning'),
  ],
])('a request that a drain cuts %s is logged as drained, and as no fault', async (_, begin) => {
  const lines: Line[] = [];
  const tested = await startTestGateway({ accessLog: true, logger: keepLines(lines) });
  gateway = tested;
  tested.upstream.answer = (_request, response) => {
    begin(response);
  };
  const socket = connect(tested.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /public/held HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await expect.poll(() => tested.upstream.started, { timeout: 10_000 }).toBe(1);
  await tested.gateway.close({ graceMilliseconds: 20 });
  const requestsIn = (): readonly Line[] => lines.filter(({ fields }) => fields?.['event'] === 'request');
  await expect.poll(() => requestsIn().length, { timeout: 10_000 }).toBe(1);
  expect(requestsIn()[0]).toMatchObject({ level: 'info', fields: { reason: 'draining' } });
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
});
