import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import {
  findPath,
  judgePath,
  readMachineTrust,
  SallyportError,
  type MachineTrust,
  type MachineTrustFiles,
} from '@sallyport/core';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { readHeaders } from '../firewall/inbound-headers.ts';
import { createMachineCertificates } from './machine-certificates.ts';
import { createTestAuthority, daysFromNow, type TestAuthority } from '../test-support/test-authority.ts';

let root: TestAuthority;
let other: TestAuthority;
beforeAll(async () => {
  [root, other] = await Promise.all([createTestAuthority(), createTestAuthority('CN=Other')]);
});

const problemsOf = (files: MachineTrustFiles): readonly string[] => {
  const outcome = readMachineTrust(files, new Date());
  return outcome.kind === 'read' ? [] : outcome.problems.map(({ file, problem }) => `${file} ${problem}`);
};

function trustOf(files: MachineTrustFiles): MachineTrust {
  const outcome = readMachineTrust(files, new Date());
  if (outcome.kind === 'refused') throw new TypeError(JSON.stringify(outcome.problems));
  return outcome.trust;
}

/** Verified from its header, without OpenSSL. */
function judge(cert: string, trust: MachineTrust, at = Date.now()): string | undefined {
  const found = findPath(new X509Certificate(cert), trust, true);
  return found.kind === 'refused' ? found.reason : judgePath(found.path, trust, at);
}

/** Name constraints: DNS names of a domain alone. */
function below(domain: string): x509.Extension {
  const element = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, content.length]), content]);
  const subtree = element(0x30, element(0x82, Buffer.from(domain)));
  return new x509.Extension('2.5.29.30', true, Uint8Array.from(element(0x30, element(0xa0, subtree))));
}

describe('the authorities of machines', () => {
  it('are read with their lists, and say when the first runs out', async () => {
    const trust = trustOf({
      ca: `${root.cert}\n${other.cert}`,
      crl: `${await root.list(['0a'])}${await other.list([])}`,
    });
    expect(trust.authorities).toHaveLength(2);
    expect([...(trust.lists?.values() ?? [])].map(({ revoked }) => [...revoked])).toEqual([['a'], []]);
    expect(trust.listExpiresAt?.getTime()).toBeLessThan(trust.authorityExpiresAt.getTime());
  });

  it.each([
    { name: 'nothing', make: async () => '', problem: 'ca holds no certificate' },
    {
      name: 'a leaf',
      make: async () => (await root.issue('CN=x')).cert,
      problem: 'ca holds a certificate that is no authority',
    },
    { name: 'no root', make: async () => (await root.below('CN=x')).cert, problem: 'ca holds no root' },
    {
      name: 'an expired root',
      make: async () => (await createTestAuthority('CN=Old', { from: daysFromNow(-9), until: daysFromNow(-1) })).cert,
      problem: 'ca holds an authority that has expired (CN=Old)',
    },
    {
      name: 'one and a half',
      make: async () => `${root.cert}\n${other.cert.slice(0, 200)}`,
      problem: 'ca ends in the middle of a certificate',
    },
    {
      name: 'a damaged certificate',
      make: async () => root.cert.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
      problem: 'ca holds a certificate that is damaged',
    },
  ])('are not $name', async ({ make, problem }) => {
    expect(problemsOf({ ca: await make() })[0]).toContain(problem);
  });

  it.each([
    { name: 'nothing', make: async () => '', problem: 'holds no list' },
    { name: 'of another authority', make: () => other.list([]), problem: 'has no list of CN=Test Root' },
    {
      name: 'of a namesake with another key',
      make: async () => (await createTestAuthority()).list([]),
      problem: 'that its authority did not sign',
    },
    { name: 'that has run out', make: () => root.list([], { until: daysFromNow(-0.1) }), problem: 'that ran out at' },
    { name: 'without an end', make: () => root.list([], { until: null }), problem: '(nextUpdate)' },
    { name: 'of the future', make: () => root.list([], { from: daysFromNow(1) }), problem: 'that is not valid yet' },
    {
      name: 'of a part of the certificates',
      make: () => root.list([], { extensions: [new x509.Extension('2.5.29.28', true, Buffer.from('3000', 'hex'))] }),
      problem: 'that covers a part of the certificates alone',
    },
    {
      name: 'of changes to another',
      make: () => root.list([], { extensions: [new x509.Extension('2.5.29.27', true, Buffer.from('020101', 'hex'))] }),
      problem: 'that covers a part of the certificates alone',
    },
    {
      name: 'of a part of the certificates that does not say that this must be understood',
      make: () => root.list([], { extensions: [new x509.Extension('2.5.29.28', false, Buffer.from('3000', 'hex'))] }),
      problem: 'that covers a part of the certificates alone',
    },
    {
      name: 'of changes to another that does not say that this must be understood',
      make: () => root.list([], { extensions: [new x509.Extension('2.5.29.27', false, Buffer.from('020101', 'hex'))] }),
      problem: 'that covers a part of the certificates alone',
    },
    {
      name: 'in front of one that is half written',
      make: async () => `${await root.list([])}\n${(await root.list(['0a'])).slice(0, 200)}`,
      problem: 'crl ends in the middle of a list',
    },
    {
      name: 'beside one with a character that does not belong there',
      make: async () => `${await root.list([])}\n${(await root.list(['0a'])).replace(/\n.{8}/, '\n!!!!!!!!')}`,
      problem: 'crl holds a list that',
    },
    {
      name: 'that is cut off',
      make: async () => (await root.list(['0a'])).replace(/\n[A-Za-z0-9+/=]+\n-----END/, '\n-----END'),
      problem: 'that is damaged',
    },
  ])('take no list $name', async ({ make, problem }) => {
    expect(problemsOf({ ca: root.cert, crl: await make() })[0]).toContain(problem);
  });

  it('take a list in one line, and OpenSSL does', async () => {
    const pem = await root.list(['0a']);
    const base64 = pem.replaceAll(/-----[A-Z0-9 ]+-----|\s/g, '');
    const trust = trustOf({ ca: root.cert, crl: `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n` });
    expect([...(trust.lists?.values() ?? [])].map(({ revoked }) => [...revoked])).toEqual([['a']]);
    expect(() => createSecureContext({ crl: [...(trust.crl ?? [])] })).not.toThrow();
  });

  it('need a list each', async () => {
    const ca = `${root.cert}\n${other.cert}`;
    expect(problemsOf({ ca, crl: await root.list([]) })[0]).toContain('crl has no list of CN=Other');
  });

  it('can be taken out while their list is still there', async () => {
    const crl = `${await root.list(['0a'])}${await other.list([])}`;
    const trust = trustOf({ ca: root.cert, crl });
    expect([...(trust.lists?.values() ?? [])].map(({ revoked }) => [...revoked])).toEqual([['a']]);
    expect(judge((await other.issue('CN=x')).cert, trust)).toBe('certificate-unknown-authority');
  });

  it('are served by the newest of several lists', async () => {
    const [old, newer] = [await root.list(['0a'], { from: daysFromNow(-2) }), await root.list(['0b'])];
    for (const crl of [old + newer, newer + old])
      expect([...(trustOf({ ca: root.cert, crl }).lists?.values() ?? [])].map(({ revoked }) => [...revoked])).toEqual([
        ['b'],
      ]);
  });

  it('with one name and two keys keep a list each: neither hides what the other revoked', async () => {
    const namesake = await createTestAuthority();
    const leaf = await root.issue('CN=x');
    const lists = [await root.list([leaf.serialNumber]), await namesake.list([])];
    for (const crl of [lists.join(''), lists.toReversed().join('')])
      expect(judge(leaf.cert, trustOf({ ca: root.cert + namesake.cert, crl }))).toBe('certificate-revoked');
  });
});

describe('a certificate that no handshake has verified', () => {
  it('counts when its path leads to a root', async () => {
    const between = await root.below('CN=Between', { pathLength: 0 });
    const leaf = await between.issue('CN=x');
    expect(judge(leaf.cert, trustOf({ ca: root.cert + between.cert }))).toBeUndefined();
    expect(judge(leaf.cert, trustOf({ ca: root.cert }))).toBe('certificate-unknown-authority');
  });

  it('counts below an authority that may give its names', async () => {
    const between = await root.below('CN=Constrained', { extensions: [below('acme.org')] });
    const leaf = await between.issue('CN=x', { uri: 'spiffe://acme/x', dns: ['x.acme.org'] });
    expect(judge(leaf.cert, trustOf({ ca: root.cert + between.cert }))).toBeUndefined();
  });

  it.each([
    {
      name: 'below more authorities than its root allows',
      make: async () => {
        const strict = await createTestAuthority('CN=Strict', { pathLength: 0 });
        const between = await strict.below('CN=Between');
        return { ca: strict.cert + between.cert, cert: (await between.issue('CN=x')).cert };
      },
    },
    {
      name: 'by a namesake of its root',
      make: async () => ({ ca: root.cert, cert: (await (await createTestAuthority()).issue('CN=x')).cert }),
    },
    {
      name: 'with names that its authority may not give',
      make: async () => {
        const between = await root.below('CN=Constrained', { extensions: [below('acme.org')] });
        return { ca: root.cert + between.cert, cert: (await between.issue('CN=x', { dns: ['acme.org.test'] })).cert };
      },
    },
    {
      name: 'below an authority with constraints that are not understood',
      make: async () => {
        const directoryNames = new x509.Extension('2.5.29.30', true, Buffer.from('3008a0063004a4023000', 'hex'));
        const between = await root.below('CN=Constrained', { extensions: [directoryNames] });
        return { ca: root.cert + between.cert, cert: (await between.issue('CN=x')).cert };
      },
    },
    {
      name: 'with an extension that must be understood and is not',
      make: async () => {
        const extension = new x509.Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));
        return { ca: root.cert, cert: (await root.issue('CN=x', { extensions: [extension] })).cert };
      },
    },
    {
      name: 'whose signature was changed',
      make: async () => {
        const { raw } = new X509Certificate((await root.issue('CN=x')).cert);
        const changed = Buffer.from(raw);
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
        return {
          ca: root.cert,
          cert: `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----`,
        };
      },
    },
  ])('does not count $name', async ({ make }) => {
    const { ca, cert } = await make();
    expect(judge(cert, trustOf({ ca }))).toBe('certificate-unknown-authority');
  });

  it.each([
    { algorithm: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }, reason: undefined },
    { algorithm: { name: 'RSA-PSS', hash: 'SHA-1', saltLength: 20 }, reason: 'certificate-unknown-authority' },
    { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, reason: undefined },
    { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' }, reason: 'certificate-unknown-authority' },
  ])('signed with $algorithm.name and $algorithm.hash is judged by the digest', async ({ algorithm, reason }) => {
    const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
    const keys = await crypto.subtle.generateKey({ ...algorithm, ...size }, true, ['sign', 'verify']);
    const dates = { notBefore: daysFromNow(-1), notAfter: daysFromNow(9), signingAlgorithm: algorithm };
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      ...dates,
      name: 'CN=RSA',
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    const leaf = await x509.X509CertificateGenerator.create({
      ...dates,
      subject: 'CN=x',
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
    });
    expect(judge(leaf.toString('pem'), trustOf({ ca: ca.toString('pem') }))).toBe(reason);
  });

  it.each([
    {
      name: 'names that cannot be read',
      extensions: [new x509.Extension('2.5.29.17', false, Buffer.from('3003820541', 'hex'))],
    },
    {
      name: 'names twice',
      extensions: ['spiffe://acme/billing', 'spiffe://acme/admin'].map(
        (value) => new x509.SubjectAlternativeNameExtension([{ type: 'url', value }]),
      ),
    },
    {
      name: 'an unknown extension twice',
      extensions: ['0500', '0101ff'].map((hex) => new x509.Extension('1.2.3.4', false, Buffer.from(hex, 'hex'))),
    },
  ])('does not count with $name, whatever its subject says', async ({ extensions }) => {
    const { cert } = await root.issue('O=Acme, CN=reports', { extensions });
    expect(judge(cert, trustOf({ ca: root.cert }))).toBe('certificate-malformed');
  });

  it('counts by an authority that was renewed with its key, also when the one before has ended', async () => {
    const old = await createTestAuthority('CN=Renewed', { until: daysFromNow(2) });
    const next = await old.renewed({ until: daysFromNow(60) });
    const { cert } = await old.issue('CN=x', { until: daysFromNow(20) });
    for (const ca of [old.cert + next.cert, next.cert + old.cert])
      expect(judge(cert, trustOf({ ca }), daysFromNow(3).getTime())).toBeUndefined();
    expect(judge(cert, trustOf({ ca: old.cert }), daysFromNow(3).getTime())).toBe('certificate-expired');
  });

  it('does not count when an authority on its path has expired', async () => {
    const between = await root.below('CN=Between', { until: daysFromNow(2) });
    const leaf = await between.issue('CN=x', { until: daysFromNow(20) });
    const trust = trustOf({ ca: root.cert + between.cert });
    expect(judge(leaf.cert, trust)).toBeUndefined();
    expect(judge(leaf.cert, trust, daysFromNow(3).getTime())).toBe('certificate-expired');
  });

  it.each([
    { usage: 'digitalSignature', reason: undefined },
    { usage: 'keyAgreement', reason: undefined },
    { usage: 'keyEncipherment', reason: 'certificate-wrong-purpose' },
    { usage: 'keyCertSign', reason: 'certificate-wrong-purpose' },
  ] as const)('with a key for $usage is judged as OpenSSL judges it', async ({ usage, reason }) => {
    const extensions = [new x509.KeyUsagesExtension(x509.KeyUsageFlags[usage], true)];
    const { cert } = await root.issue('CN=x', { extensions });
    expect(judge(cert, trustOf({ ca: root.cert }))).toBe(reason);
  });

  it.each(['server', 'none'] as const)('with the purpose %s counts only where that is none', async (purpose) => {
    const { cert } = await root.issue('CN=x', { purpose });
    expect(judge(cert, trustOf({ ca: root.cert }))).toBe(purpose === 'none' ? undefined : 'certificate-wrong-purpose');
  });
});

describe('a connection that is closed when its request is judged', () => {
  it('is not kept', async () => {
    const { cert } = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const certificates = createMachineCertificates({
      trust: trustOf({ ca: root.cert }),
      proxies: ['127.0.0.1'],
      clock: Date.now,
    });
    const cut: string[] = [];
    const headers = readHeaders(['Host', 'x', 'Client-Cert', `:${new X509Certificate(cert).raw.toString('base64')}:`]);
    for (const [name, closed] of [
      ['open', false],
      ['closed', true],
    ] as const) {
      const members = { remoteAddress: '127.0.0.1', closed, destroy: () => void cut.push(name) };
      const socket = Object.assign(new EventEmitter(), members) as unknown as Socket; // All that is used of one.
      expect(certificates.read(socket, headers, Date.now()).spiffeId).toBe('spiffe://acme/billing');
    }
    certificates.sweep(daysFromNow(31).getTime());
    expect(cut).toEqual(['open']);
  });
});

/** The bytes of a PEM text with one of them changed, each in turn, as PEM. */
function* withOneByteChanged(pem: string): Generator<string> {
  const [, label = '', base64 = ''] = /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----/.exec(pem) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  for (const [index, byte] of bytes.entries()) {
    const changed = Buffer.from(bytes);
    changed[index] = byte ^ (1 << (index % 8));
    yield `-----BEGIN ${label}-----\n${changed.toString('base64')}\n-----END ${label}-----\n`;
  }
}

describe('with any byte changed', () => {
  it('no certificate counts, and nothing else happens', async () => {
    const { cert } = await root.issue('CN=x', { uri: 'spiffe://acme/billing' });
    const certificates = createMachineCertificates({
      trust: trustOf({ ca: root.cert }),
      proxies: ['127.0.0.1'],
      clock: Date.now,
    });
    const socket = Object.assign(new EventEmitter(), { remoteAddress: '127.0.0.1' }) as unknown as Socket;
    const read = (pem: string): string => {
      const base64 = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
      const headers = readHeaders(['Host', 'x', 'Client-Cert', `:${base64}:`]);
      try {
        return certificates.read(socket, headers, Date.now()).spiffeId ?? 'none';
      } catch (error) {
        return error instanceof SallyportError ? error.code : String(error);
      }
    };
    expect(read(cert)).toBe('spiffe://acme/billing');
    const outcomes = new Set([...withOneByteChanged(cert)].map(read));
    expect([...outcomes]).toEqual(['SP_UNAUTHENTICATED']);
  });

  it('no list of revoked certificates is taken', async () => {
    const crl = await root.list(['0a', '0b']);
    const taken = [...withOneByteChanged(crl)].filter(
      (changed) => problemsOf({ ca: root.cert, crl: changed }).length === 0,
    );
    expect(taken).toEqual([]);
  });
});
