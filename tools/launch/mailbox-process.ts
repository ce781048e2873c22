/*
 * The development mailbox as a process of its own, where several gateways deliver into one: SMTP and an SMS gateway
 * (`POST /sms`) on loopback, and the page and the list of the gateway's own mailbox.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { createLocalCallers } from '@sallyport/core';
import { createDevelopmentMailbox } from '@sallyport/identity';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { readMail } from './read-mail.ts';
import { readTextMessage } from './read-text-message.ts';

const loopback = '127.0.0.1';
const mailbox = createDevelopmentMailbox();

const smtp = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData: callbackify(async (stream: Readable, session: SMTPServerSession) => {
    const chunks = (await stream.toArray()) as readonly Buffer[]; // A stream of bytes.
    for (const { address } of session.envelope.rcptTo) {
      await mailbox.mailer.send(await readMail(Buffer.concat(chunks), address));
    }
  }),
});
smtp.on('error', (error) => {
  console.error(error.message);
});

const answer = getRequestListener(mailbox.app.fetch);
const judgeSender = createLocalCallers({ serves: 'programs' });
const pages = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/sms') {
    const refusal = judgeSender({
      method: request.method,
      port: request.socket.localPort,
      header: (name) => request.headers[name]?.toString(),
    });
    if (refusal !== undefined) {
      response.writeHead(403).end();
      return;
    }
    void takeTextMessage(request).then((status) => response.writeHead(status).end());
    return;
  }
  void answer(request, response);
});

smtp.listen(Number(process.env['MAILBOX_SMTP_PORT']), loopback);
pages.listen(Number(process.env['PORT']), loopback);
process.once('SIGTERM', () => process.exit(0));

/** Resolves to the status that says whether the message was taken. */
async function takeTextMessage(request: IncomingMessage): Promise<number> {
  const chunks = (await request.toArray()) as readonly Buffer[]; // A stream of bytes.
  const message = readTextMessage(Buffer.concat(chunks).toString('utf8'));
  if (message === undefined) return 400;
  await mailbox.mailer.send(message);
  return 202;
}
