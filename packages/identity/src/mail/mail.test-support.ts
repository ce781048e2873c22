import { brandSchema, builtInPages, resolveBrand, type Brand, type BrandImages, type Message } from '@sallyport/core';
import { features } from '../features.ts';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { mailedProduct } from './mail-catalog.ts';

const settings = brandSchema.parse({
  name: 'Acme',
  colors: { light: { accent: '#0b6e4f' }, dark: { accent: '#7fe0be' } },
  radius: 8,
  font: 'Inter, sans-serif',
  links: { terms: '/terms', privacy: 'https://acme.example/privacy', support: 'mailto:help@acme.example' },
});
const product = mailedProduct('https://app.example.test', 'Acme', builtInPages);

/** The brand of the mails, with images. */
export const brandWith = (images: BrandImages = {}): Brand =>
  resolveBrand(settings, 'https://app.example.test', images);

/** A mail of a feature, as it is sent. */
export function messageOf(kind: keyof typeof features.mails, to: Recipient, token = ''): Message {
  const mail = features.mails[kind];
  if (mail === undefined) throw new TypeError(`there is no mail ${kind}`);
  return toAccountMessage(kind, to, mail.texts.en(product, token, {}), brandWith());
}

export const recipient: Recipient = { name: 'Robin <b>', email: 'robin@example.test', emailVerified: true };

export const message: Message = messageOf('verify-email', recipient, 'token-1');
