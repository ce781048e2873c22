import { builtInPages, type Brand, type Message } from '@sallyport/core';
import { toAccountMessage, type Recipient } from './account-message.ts';
import { mailedProduct, type MailCatalog, type MailFacts } from './mail-catalog.ts';

/** To whom samples are addressed. */
export const sampleRecipient: Recipient = { name: 'Robin Doe', email: 'robin@example.com', emailVerified: true };

/** As long as a real one, and good for nothing. */
const token = 'c2FtcGxlLXRva2VuLW9mLWEtcHJldmlldy1vbmx5LTAx';

/** What a mail may name. */
const sampleFacts: MailFacts = {
  account: 'kim@example.com',
  roles: ['user', 'vendor'],
  by: 'ada@example.com',
  organization: 'Acme',
};

/** Every mail of a catalog with example values, in a brand. */
export function toMailSamples(catalog: MailCatalog, publicUrl: string, brand: Brand): readonly Message[] {
  const product = mailedProduct(publicUrl, brand.name, builtInPages);
  return Object.entries(catalog).map(([kind, { texts }]) =>
    toAccountMessage(kind, sampleRecipient, texts.en(product, token, sampleFacts), brand),
  );
}
