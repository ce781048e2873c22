import type { BrandImage, BrandImages } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { features } from '../features.ts';
import { toMailContent } from './mail-document.ts';
import { brandWith, message, messageOf, recipient } from './mail.test-support.ts';

describe('a message', () => {
  it('links to the page of the public origin, in the text and in the HTML', () => {
    const link = 'https://app.example.test/auth/verify?token=token-1';
    expect(message).toMatchObject({ kind: 'verify-email', to: 'robin@example.test', channel: 'email', links: [link] });
    expect(message.text).toContain(link);
    expect(message.html).toContain(`href="${link}"`);
  });

  it('does not carry markup of the name', () => {
    expect(message.html).not.toContain('<b>');
    expect(message.html).toContain('Robin &lt;b&gt;');
  });
});

describe('a mail', () => {
  it.each(['text', 'html'] as const)('reads as it was last looked at, in %s', async (format) => {
    const ending = format === 'html' ? 'html' : 'txt';
    await expect(message[format]).toMatchFileSnapshot(`snapshots/verify-email.${ending}`);
  });

  it.each(Object.keys(features.mails))('loads nothing and runs nothing: %s', (kind) => {
    const { html = '', images } = messageOf(kind, recipient, 'token-1');
    expect(html).not.toMatch(/<(?:script|link|iframe|object|form|input|img)|src=|url\(|@import/i);
    expect(images).toEqual([]);
  });

  const image = (name: string, mediaType: BrandImage['mediaType']): BrandImage => ({
    path: `/auth/assets/brand/${name}.abc.png`,
    mediaType,
    content: Buffer.from(`bytes of ${name}`),
  });
  const logo = image('logo', 'image/png');
  const logoDark = image('logo-dark', 'image/jpeg');
  const contentOf = (images: BrandImages) => toMailContent(brandWith(images), 'Subject', []);

  it.each(['image/svg+xml', 'image/webp'] as const)('shows the name in place of a logo in %s', (mediaType) => {
    const { html, images } = contentOf({ logo: image('logo', mediaType) });
    expect(images).toEqual([]);
    expect(html).toMatch(/>Acme<\/td>/);
    expect(html).not.toContain('<img');
  });

  it('carries its logo, and refers to it by its identifier alone', () => {
    const { html, images } = contentOf({ logo });
    expect(images).toEqual([{ contentId: 'logo.abc.png@brand', mediaType: 'image/png', content: logo.content }]);
    expect(html).toContain('<img src="cid:logo.abc.png@brand" alt="Acme"');
    expect(html.match(/<img/g)).toHaveLength(1);
  });

  it('carries a second logo for the dark theme', () => {
    const { html, images } = contentOf({ logo, logoDark });
    expect(images.map(({ contentId }) => contentId)).toEqual(['logo.abc.png@brand', 'logo-dark.abc.png@brand']);
    expect(html).toContain('class="on-dark"');
  });
});

describe('a message to an address that is not verified', () => {
  it.each(Object.keys(features.mails))('does not carry the name: %s', (kind) => {
    const spam = { name: 'You won at evil.test', email: 'stranger@example.test', emailVerified: false };
    const { subject, text, html } = messageOf(kind, spam, 'token-1');
    expect(`${subject} ${text} ${html ?? ''}`).not.toContain('evil.test');
  });
});
