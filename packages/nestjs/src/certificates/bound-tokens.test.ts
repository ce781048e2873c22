import { createTestAuthority } from '@sallyport/testing/certificates';
import { describe, expect, it } from 'vitest';
import { calls, issuer, lines, useService } from '../test-service.test-support.ts';

describe.each(['Express', 'Fastify'] as const)('a service of %s that looks at no certificates', (platform) => {
  const service = useService(platform);

  it('refuses a token that is bound to one: the first time, and when it is remembered', async () => {
    const { cert } = await (await createTestAuthority()).issue();
    const token = issuer.issueToken({ certificate: cert });
    for (let time = 0; time < 2; time++) {
      expect((await service.withToken('/guarded/anyone', token)).status).toBe(401);
    }
    expect(calls.handled).toBe(0);
    expect(lines.map(({ reason }) => reason)).toEqual(['token-bound-to-a-certificate', 'token-bound-to-a-certificate']);
    expect(await (await service.withToken('/open', token)).json()).toMatchObject({ kind: 'anonymous' });
    expect((await service.withToken('/guarded/anyone', issuer.issueToken())).status).toBe(200);
  });

  it.each([
    ['a key', { jkt: 'x'.repeat(43) }],
    ['a certificate and a key', { 'x5t#S256': 'x'.repeat(43), jkt: 'x'.repeat(43) }],
    ['a thumbprint of another length', { 'x5t#S256': 'short' }],
    ['nothing', {}],
    ['a text', 'x'],
  ])('refuses a token that is bound to what it does not know: %s', async (_, cnf) => {
    expect((await service.withToken('/guarded/anyone', issuer.sign({ cnf }))).status).toBe(401);
    expect(lines).toContainEqual(expect.objectContaining({ reason: 'not-a-token-of-the-gateway' }));
  });
});
