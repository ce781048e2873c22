import { expect, it } from 'vitest';
import { readEnvironment } from '../config/environment.ts';
import { applySecrets } from './apply-secrets.ts';

const renewed = readEnvironment({}, { SMTP_URL: 'smtp://mail-2' });

it.each([
  { name: 'stores', isRefusedByMail: false },
  { name: 'mail', isRefusedByMail: true },
])('no renewed secret is used when $name cannot use them', ({ isRefusedByMail }) => {
  const used: string[] = [];
  const refuse = (): never => {
    throw new TypeError('cannot be used');
  };
  const parts = {
    delivery: { prepareSecrets: isRefusedByMail ? refuse : () => () => void used.push('mail') },
    stores: { useCredentials: isRefusedByMail ? () => void used.push('stores') : refuse },
    webhookSecrets: { use: () => void used.push('webhooks') },
    providerSecrets: { use: () => void used.push('providers') },
  };
  expect(() => applySecrets(renewed, parts)).toThrow('cannot be used');
  expect(used).toEqual([]);
});

it('the renewed secrets are used by stores, mail, webhooks and identity providers', () => {
  const used: string[] = [];
  applySecrets(renewed, {
    delivery: { prepareSecrets: () => () => void used.push('mail') },
    stores: { useCredentials: () => void used.push('stores') },
    webhookSecrets: { use: () => void used.push('webhooks') },
    providerSecrets: { use: () => void used.push('providers') },
  });
  expect(used).toEqual(['stores', 'mail', 'webhooks', 'providers']);
});
