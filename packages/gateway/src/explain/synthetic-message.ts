import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { ExplainQuestion } from './explanation.ts';

/** Makes a message that came through no connection, so that the stages read it like any other. */
export function createSyntheticMessage(question: ExplainQuestion, host: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: question.clientAddress ?? '127.0.0.1' });
  const message = new IncomingMessage(socket);
  const hasHost = question.headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  message.rawHeaders = hasHost ? [...question.headers] : ['Host', host, ...question.headers];
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    message.headers[(message.rawHeaders[index] ?? '').toLowerCase()] = message.rawHeaders[index + 1] ?? '';
  }
  message.method = question.method;
  message.url = question.target;
  message.httpVersion = '1.1';
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  message.complete = true;
  return message;
}
