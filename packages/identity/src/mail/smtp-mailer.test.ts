import { createServer, type AddressInfo, type Server } from 'node:net';
import { OptionsError } from '@sallyport/core';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { message } from './mail.test-support.ts';
import { createSmtpMailer } from './smtp-mailer.ts';

describe('the SMTP mailer', () => {
  it('delivers to a server', async () => {
    const { server, port, received } = await startSmtpServer();
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'Acme <no-reply@example.test>' }).send(message);
    expect(received.join('')).toContain('RCPT TO:<robin@example.test>');
    expect(received.join('')).toContain('Subject: Confirm your email address for Acme');
    server.close();
  });

  it('keeps every header in its line, whatever the product is called, and logos beside the HTML', async () => {
    const { server, port, received } = await startSmtpServer();
    const name = `Tom & "Jerry", Ütrecht; Bcc: all@example.test`;
    const content = Buffer.from('bytes of a logo');
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.test', name: () => name }).send({
      ...message,
      subject: `Your code for ${name}`,
      images: [{ contentId: 'logo.abc.png@brand', mediaType: 'image/png', content }],
    });
    const [, mail = ''] = /354 go on|(?:DATA\r\n)([\s\S]*)\r\n\.\r\n/.exec(received.join('')) ?? [];
    expect(received.join('').match(/RCPT TO/g)).toHaveLength(1);
    const parsed = await PostalMime.parse(mail);
    expect(parsed.from).toEqual({ name, address: 'no-reply@example.test' });
    expect(parsed.subject).toBe(`Your code for ${name}`);
    expect(parsed.to).toEqual([{ name: '', address: 'robin@example.test' }]);
    expect(parsed.bcc ?? []).toEqual([]);
    expect(parsed.attachments).toMatchObject([
      { contentId: '<logo.abc.png@brand>', mimeType: 'image/png', disposition: 'inline', related: true },
    ]);
    expect(Buffer.from(parsed.attachments[0]?.content as ArrayBuffer)).toEqual(content);
    server.close();
  });

  it('takes the name of a sender from its setting, where one stands there', async () => {
    const { server, port, received } = await startSmtpServer();
    const from = 'Acme Support <no-reply@example.test>';
    await createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from, name: () => 'Acme' }).send(message);
    expect(received.join('')).toContain(`From: ${from}`);
    server.close();
  });

  it('rejects when there is no server', async () => {
    const { server, port } = await startSmtpServer();
    await new Promise((resolve) => server.close(resolve));
    const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.test' });
    await expect(mailer.send(message)).rejects.toThrow();
  });

  it.each(['http://mail.example.test', 'mail.example.test', ''])('is not built on %j', (url) => {
    expect(() => createSmtpMailer({ url, from: 'x@example.test' })).toThrow(OptionsError);
  });
});

async function startSmtpServer(): Promise<{ server: Server; port: number; received: string[] }> {
  const received: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    socket.write('220 ready\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      received.push(text);
      if (isData) {
        if (!text.endsWith('\r\n.\r\n')) return;
        isData = false;
        socket.write('250 kept\r\n');
      } else if (text.startsWith('DATA')) {
        isData = true;
        socket.write('354 go on\r\n');
      } else if (text.startsWith('QUIT')) socket.end('221 bye\r\n');
      else socket.write('250 fine\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, received };
}
