import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfWebhookSecret, parseWebhookSecrets, problemsOfWebhookSecrets } from './webhook-secrets.ts';

const standard = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;
const hmac = { header: 'x-signature', prefix: '', encoding: 'hex', signed: '{body}' } as const;

describe('the secrets of webhooks', () => {
  it('are read with blanks and line breaks between, several of one name in their order', () => {
    const { secrets, problems } = parseWebhookSecrets(' a=1x b=2y==\n\ta=3z ');
    expect(problems).toEqual([]);
    expect([...secrets]).toEqual([
      ['a', ['1x', '3z']],
      ['b', ['2y==']],
    ]);
  });

  it('are none where there is no text', () => {
    expect(parseWebhookSecrets('')).toEqual({ secrets: new Map(), problems: [] });
  });

  it.each([
    { name: 'no name', text: 'whsec_aGVsbG8taGVsbG8', problem: 'has no name=secret as item 1' },
    { name: 'an empty secret', text: 'a=x b=', problem: 'has no name=secret as item 2' },
    { name: 'a name in upper case', text: 'Billing=x', problem: 'has no name=secret as item 1' },
    { name: 'one secret for two names', text: 'a=x b=x', problem: 'has one secret for "a" and "b"' },
    { name: 'one secret twice', text: 'a=x a=x', problem: 'has the same secret "a" twice' },
    { name: 'five secrets of one name', text: 'a=1 a=2 a=3 a=4 a=5', problem: 'has more than 4 secrets "a"' },
    { name: 'a secret that is not ASCII', text: 'a=geheimnis-ä', problem: 'has a secret "a" that is not ASCII' },
  ])('are refused with $name', ({ text, problem }) => {
    expect(parseWebhookSecrets(text).problems.join('\n')).toContain(problem);
  });

  it('are never repeated in a problem', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{12,40}$/), (secret) => {
        for (const text of [secret, `a=${secret} b=${secret}`, `a=${secret} a=${secret}`, `A=${secret}`]) {
          const { problems } = parseWebhookSecrets(text);
          expect(problems.join('\n')).not.toContain(secret);
        }
        for (const form of [{}, { hmac }])
          expect(problemsOfWebhookSecrets([secret], form).join('\n')).not.toContain(secret);
      }),
    );
  });

  it.each([24, 32, 64])('of Standard Webhooks may have %d bytes', (bytes) => {
    const secret = standard(bytes);
    expect(problemsOfWebhookSecrets([secret], {})).toEqual([]);
    expect(keyOfWebhookSecret(secret, {})).toHaveLength(bytes);
  });

  it.each([
    { name: 'too short', secret: standard(23) },
    { name: 'too long', secret: standard(65) },
    { name: 'without their prefix', secret: randomBytes(32).toString('base64') },
    { name: 'of one byte again and again', secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    { name: 'in base64 for addresses', secret: `whsec_${'_-'.repeat(20)}` },
    { name: 'not in base64', secret: `whsec_${'!'.repeat(44)}` },
  ])('of Standard Webhooks are refused $name', ({ secret }) => {
    expect(problemsOfWebhookSecrets([secret], {})).toHaveLength(1);
    expect(keyOfWebhookSecret(secret, {})).toBeUndefined();
  });

  it.each(['short', 'a'.repeat(64), 'this-is-my-very-long-secret-of-an-example', '0123456789'.repeat(5)])(
    'of a plain HMAC are refused where they can be guessed: %s',
    (secret) => {
      expect(problemsOfWebhookSecrets([secret], { hmac })).toHaveLength(1);
    },
  );

  it('of a plain HMAC are used as they are written, whatever they look like', () => {
    const secret = standard(32);
    expect(problemsOfWebhookSecrets([secret], { hmac })).toEqual([]);
    expect(Buffer.from(keyOfWebhookSecret(secret, { hmac }) ?? []).toString()).toBe(secret);
  });
});
