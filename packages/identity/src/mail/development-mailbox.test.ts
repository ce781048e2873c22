import { describe, expect, it } from 'vitest';
import { createDevelopmentMailbox } from './development-mailbox.ts';
import { message, messageOf, recipient } from './mail.test-support.ts';

describe('the development mailbox', () => {
  it('lists messages newest first, and only those to an address when asked', async () => {
    const { mailer, app } = createDevelopmentMailbox({ now: () => new Date(0) });
    await mailer.send(message);
    await mailer.send(messageOf('password-changed', { ...recipient, email: 'Other@example.test' }));
    const all = await (await app.request('/messages')).json();
    expect(all).toMatchObject([
      { to: 'other@example.test', kind: 'password-changed' },
      {
        to: 'robin@example.test',
        channel: 'email',
        kind: 'verify-email',
        subject: message.subject,
        links: message.links,
        code: null,
        at: '1970-01-01T00:00:00.000Z',
      },
    ]);
    expect(await (await app.request('/messages?to=ROBIN%40example.test')).json()).toHaveLength(1);
    expect(await (await app.request('/messages?to=unknown@x.test')).json()).toEqual([]);
  });

  it('keeps the newest messages only', async () => {
    const { mailer, app } = createDevelopmentMailbox({ capacity: 3 });
    for (let index = 0; index < 5; index += 1) await mailer.send({ ...message, subject: `number ${index}` });
    const listed = (await (await app.request('/messages')).json()) as { subject: string }[];
    expect(listed.map(({ subject }) => subject)).toEqual(['number 4', 'number 3', 'number 2']);
  });

  it.each([
    { name: 'under the name of a stranger', headers: { host: 'evil.test:3025' } },
    { name: 'under a name that only looks local', headers: { host: 'localhost.evil.test' } },
    { name: 'under no readable name', headers: { host: '127.0.0.1:x' } },
    { name: 'from a page of another origin', headers: { host: '127.0.0.1:3025', origin: 'https://evil.test' } },
    { name: 'from a page of another port', headers: { host: '127.0.0.1:3025', origin: 'http://127.0.0.1:3000' } },
    { name: 'from a page without an origin', headers: { host: '127.0.0.1:3025', origin: 'null' } },
    { name: 'from a script of another site', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    { name: 'from a script of another port', headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' } },
    {
      name: 'from a frame of another site',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    },
  ])('is not read $name', async ({ headers }) => {
    const { mailer, app } = createDevelopmentMailbox();
    await mailer.send(message);
    for (const path of ['/messages', '/messages/1', '/', '/count']) {
      const answer = await app.request(path, { headers });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain('robin');
    }
  });

  it.each([
    { name: 'a program', headers: { host: '127.0.0.1:3025' } },
    { name: 'its own page', headers: { host: 'localhost:3025', 'sec-fetch-site': 'same-origin' } },
    { name: 'its own form', headers: { host: '[::1]:3025', origin: 'http://[::1]:3025' } },
    { name: 'the address bar', headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' } },
    {
      name: 'a link that was followed',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    },
  ])('is read from $name', async ({ headers }) => {
    expect((await createDevelopmentMailbox().app.request('/', { headers })).status).toBe(200);
  });

  it('shows a mail as people see it, with its images, and lets nothing in it run or load', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    await mailer.send({
      ...message,
      html: '<html><head></head><body><img src="cid:logo"><script>alert(1)</script></body></html>',
      images: [{ contentId: 'logo', mediaType: 'image/png', content: Buffer.from('png') }],
    });
    const page = await (await app.request('/')).text();
    expect(page).toMatch(/<iframe src="\/messages\/1" [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
    const answer = await app.request('/messages/1');
    expect(await answer.text()).toContain(`<img src="data:image/png;base64,${Buffer.from('png').toString('base64')}">`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", 'img-src data:', "frame-ancestors 'self'", 'sandbox allow-popups'])
      expect(policy).toContain(rule);
    expect(policy).not.toContain('script-src');
    expect(policy).not.toMatch(/sandbox[^;]*allow-(?:scripts|same-origin|forms)/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['/messages/2', '/messages/0', '/messages/x', '/messages/1e0', '/messages/1/x'])(
    'has no mail at %s',
    async (path) => {
      const { mailer, app } = createDevelopmentMailbox();
      await mailer.send(message);
      expect((await app.request(path)).status).toBe(404);
    },
  );

  it('has no page for a message without HTML', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    const { html: _, ...text } = message;
    await mailer.send({ ...text, channel: 'sms' });
    expect((await app.request('/messages/1')).status).toBe(404);
    expect(await (await app.request('/')).text()).not.toContain('<iframe');
  });

  it('shows a page on which no text of a message is markup', async () => {
    const { mailer, app } = createDevelopmentMailbox();
    const attack = '<img src=x onerror=alert(1)>';
    await mailer.send({
      ...message,
      subject: attack,
      text: attack,
      to: `${attack}@x.test`,
      links: ['javascript:alert(1)', ...message.links],
    });
    const answer = await app.request(`/?to=${encodeURIComponent('"><script>alert(1)</script>')}`);
    const filtered = await answer.text();
    const page = await (await app.request('/')).text();
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const text of [filtered, page]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('javascript:');
    }
    expect(page).toContain('href="https://app.example.test/auth/verify?token=token-1"');
  });
});
