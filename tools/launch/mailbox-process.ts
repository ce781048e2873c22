/*
 * The development mailbox as a process of its own, where several gateways deliver into one: SMTP on loopback, and the page
 * and the list of the gateway's own mailbox.
 */
import { createServer } from 'node:http';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { createDevelopmentMailbox } from '@sallyport/identity';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { readMail } from './read-mail.ts';

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

const pages = createServer((request, response) => {
  void Promise.resolve(mailbox.app.request(request.url ?? '/', { method: request.method ?? 'GET' })).then(
    async (answer) => {
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(await answer.text());
    },
  );
});

smtp.listen(Number(process.env['MAILBOX_SMTP_PORT']), loopback);
pages.listen(Number(process.env['PORT']), loopback);
process.once('SIGTERM', () => process.exit(0));
