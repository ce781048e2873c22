import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../config/config-schema.ts';
import { ConfigurationError } from '../config/configuration-error.ts';
import { parseConfig } from '../config/parse-config.ts';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { testPolicy } from '../test-support/test-preset.ts';
import { testRoutes } from '../test-support/test-routes.ts';
import { securityTxtSchema } from './security-txt-schema.ts';
import { toSecurityTxt } from './security-txt.ts';

const path = '/.well-known/security.txt';
const contact = ['mailto:security@example.test'];
const parse = (change: Partial<ConfigInput>) =>
  parseConfig(
    { publicUrl: 'https://app.example.test', policy: testPolicy, routes: testRoutes('http://127.0.0.1:9'), ...change },
    'test',
  );

describe('security.txt at the gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ config: { securityTxt: { contact, languages: ['en', 'de'] } } });
  });
  afterAll(() => gateway.close());

  it('is a plain text for everyone, with the fields of RFC 9116', async () => {
    const answer = await gateway.get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const text = await answer.text();
    expect(text).toMatch(/^Contact: mailto:security@example\.test\nExpires: \d{4}-\d\d-\d\dT00:00:00\.000Z\n/);
    expect(text).toContain(`Canonical: ${gateway.origin}${path}\n`);
    expect(text).toContain('Preferred-Languages: en, de\n');
  });

  it.each(['POST', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    const answer = await send(`${gateway.origin}${path}`, method, { origin: gateway.origin });
    expect(answer.status).toBe(405);
  });

  it('is at no path below its own', async () => {
    expect((await gateway.get(`${path}/more`)).status).toBe(404);
  });
});

describe('security.txt of an application', () => {
  it('is asked of the routes where none is configured', async () => {
    const gateway = await startTestGateway();
    const answer = await gateway.get(path);
    await gateway.close();
    expect(await answer.text()).not.toContain('Contact:');
    const own = {
      name: 'own',
      prefix: path,
      upstream: 'http://127.0.0.1:9',
      audience: 'own',
      access: 'public',
    } as const;
    expect(() => parse({ routes: [...testRoutes('http://127.0.0.1:9'), own] })).not.toThrow();
    expect(() => parse({ routes: [...testRoutes('http://127.0.0.1:9'), own], securityTxt: { contact } })).toThrow(
      ConfigurationError,
    );
  });
});

describe('the section securityTxt', () => {
  it.each([
    { name: 'no contact', value: {} },
    { name: 'an empty list of contacts', value: { contact: [] } },
    { name: 'a contact that is no address', value: { contact: ['security@example.test'] } },
    { name: 'a contact without TLS', value: { contact: ['http://example.test/'] } },
    { name: 'a contact that begins another field', value: { contact: ['mailto:a@example.test\nPolicy: x'] } },
    { name: 'a policy that begins another field', value: { contact, policy: 'https://example.test/\r\nX: y' } },
    { name: 'a policy that is a script', value: { contact, policy: 'javascript:alert(1)' } },
    { name: 'a language with a comma', value: { contact, languages: ['en,de'] } },
    { name: 'more than a year', value: { contact, validDays: 366 } },
    { name: 'an unknown key', value: { contact, contacts: contact } },
  ])('stops the start with $name', ({ value }) => {
    expect(() => parse({ securityTxt: value as ConfigInput['securityTxt'] })).toThrow(ConfigurationError);
  });

  it('always becomes whole lines of one field each, that expire within the days that were asked for', () => {
    const page = fc.stringMatching(/^[a-z]{1,20}\.test\/[\x21-\x7e]{0,40}$/).map((rest) => `https://${rest}`);
    fc.assert(
      fc.property(
        fc.record(
          {
            contact: fc.array(page, { minLength: 1, maxLength: 5 }),
            policy: page,
            hiring: page,
            validDays: fc.integer({ min: 1, max: 365 }),
          },
          { requiredKeys: ['contact'] },
        ),
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        (input, now) => {
          const settings = securityTxtSchema.parse(input);
          const text = toSecurityTxt(settings, 'https://app.example.test', now);
          expect(text).toMatch(/^(?:[A-Z][a-z]+(?:-[A-Z][a-z]+)?: [\x21-\x7e]+\n)+$/);
          const left = Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? '') - now.getTime();
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(settings.validDays * 86_400_000);
        },
      ),
    );
  });
});
