import 'reflect-metadata';
import { createHash, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../options/options-error.ts';
import {
  certificateNameOf,
  problemOfCertificateName,
  readClientCertificate,
  toCertificateName,
} from './client-certificate.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function issue(
  name: x509.JsonNameParams,
  alternativeNames: readonly x509.JsonGeneralName[] = [],
  serialNumber = '0a1b',
): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: new x509.Name(name),
    serialNumber,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2036-01-01T00:00:00Z'),
    keys,
    signingAlgorithm: algorithm,
    extensions: alternativeNames.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...alternativeNames])],
  });
  return certificate.toString('pem');
}

const uri = (value: string): x509.JsonGeneralName => ({ type: 'url', value });
const dns = (value: string): x509.JsonGeneralName => ({ type: 'dns', value });

describe('a client certificate', () => {
  it('tells its names, its thumbprint and its dates', async () => {
    const pem = await issue(
      [{ C: ['DE'] }, { O: ['Acme, Inc.'] }, { CN: ['billing'] }],
      [
        uri('spiffe://acme.example/billing'),
        dns('Billing.Acme.Example'),
        { type: 'email', value: 'ops@acme.example' },
        { type: 'ip', value: '10.0.0.7' },
        { type: 'ip', value: '2001:db8::7' },
      ],
    );
    const { raw } = new X509Certificate(pem);
    expect(readClientCertificate(pem)).toEqual({
      subject: String.raw`CN=billing,O=Acme\, Inc.,C=DE`,
      issuer: String.raw`CN=billing,O=Acme\, Inc.,C=DE`,
      spiffeId: 'spiffe://acme.example/billing',
      dnsNames: ['billing.acme.example'],
      uris: ['spiffe://acme.example/billing'],
      emails: ['ops@acme.example'],
      addresses: ['10.0.0.7', '2001:db8::7'],
      thumbprint: createHash('sha256').update(raw).digest('base64url'),
      serialNumber: 'a1b',
      validFrom: new Date('2026-01-01T00:00:00Z'),
      expiresAt: new Date('2036-01-01T00:00:00Z'),
      pem: new X509Certificate(pem).toString(),
    });
  });

  it('reads the same from PEM, from DER and from what Node parsed', async () => {
    const pem = await issue([{ CN: ['billing'] }]);
    const parsed = new X509Certificate(pem);
    expect(readClientCertificate(parsed.raw)).toEqual(readClientCertificate(pem));
    expect(readClientCertificate(parsed)).toEqual(readClientCertificate(pem));
  });

  it.each([
    { name: 'two URIs', names: [uri('spiffe://acme/billing'), uri('spiffe://acme/admin')] },
    { name: 'a SPIFFE id and a web address', names: [uri('spiffe://acme/billing'), uri('https://acme.example/')] },
    { name: 'an id with a query', names: [uri('spiffe://acme/billing?admin')] },
    { name: 'an id with a step up', names: [uri('spiffe://acme/billing/../admin')] },
    { name: 'an id with a port', names: [uri('spiffe://acme:443/billing')] },
    { name: 'an id with percent-encoding', names: [uri('spiffe://acme/b%69lling')] },
    { name: 'an id with a slash at its end', names: [uri('spiffe://acme/billing/')] },
    { name: 'an id in capitals', names: [uri('SPIFFE://acme/billing')] },
  ] as const)('names no one with $name, whatever its subject says', async ({ names }) => {
    const certificate = readClientCertificate(await issue([{ CN: ['billing'] }], names));
    expect(certificate.spiffeId).toBeUndefined();
    expect(certificateNameOf(certificate)).toBeUndefined();
    expect(problemOfCertificateName(certificate)).toBe('certificate-name-ambiguous');
  });

  it.each([
    { name: 'a web address', names: [uri('https://acme.example/billing')] },
    { name: 'two web addresses', names: [uri('https://acme.example/billing'), uri('https://acme.example/admin')] },
    { name: 'a host name that poses as one', names: [dns('a, URI:spiffe://acme/admin')] },
    { name: 'a host name that poses as one in quotes', names: [dns('a", URI:spiffe://acme/admin, DNS:"b')] },
    {
      name: 'a mail address that poses as one',
      names: [{ type: 'email', value: 'a@b\u0000, URI:spiffe://acme/admin' }],
    },
  ] as const)('has no SPIFFE id with $name, and is named by its subject', async ({ names }) => {
    const certificate = readClientCertificate(await issue([{ CN: ['billing'] }], names));
    expect(certificate.spiffeId).toBeUndefined();
    expect(certificateNameOf(certificate)).toBe('CN=billing');
  });

  it('finds the one URI beside a host name that poses as another', async () => {
    const names = [dns('a, URI:spiffe://acme/admin'), uri('spiffe://acme/billing')];
    const certificate = readClientCertificate(await issue([{ CN: ['x'] }], names));
    expect(certificate).toMatchObject({
      spiffeId: 'spiffe://acme/billing',
      dnsNames: ['a, uri:spiffe://acme/admin'],
    });
  });

  it.each([
    { name: 'a comma', CN: 'x,O=Acme', written: String.raw`CN=x\,O=Acme` },
    { name: 'a line feed', CN: 'x\nO=Acme', written: String.raw`CN=x\0AO=Acme` },
    { name: 'a plus sign', CN: 'x + O=Acme', written: String.raw`CN=x \+ O=Acme` },
    { name: 'a zero byte', CN: 'billing\u0000.evil', written: String.raw`CN=billing\00.evil` },
    { name: 'a space that cannot be seen', CN: '\u00a0billing', written: String.raw`CN=\C2\A0billing` },
    { name: 'spaces around', CN: ' billing ', written: String.raw`CN=\ billing\ ` },
    { name: 'one space', CN: ' ', written: String.raw`CN=\ ` },
    { name: 'a backslash and a space at its end', CN: 'x\\ ', written: String.raw`CN=x\\\ ` },
    { name: 'nothing', CN: '', written: 'CN=' },
    { name: 'an umlaut', CN: 'Müller', written: String.raw`CN=M\C3\BCller` },
    { name: 'a number sign', CN: '#0c01', written: String.raw`CN=\#0c01` },
    { name: 'a backslash at its end', CN: 'x\\', written: String.raw`CN=x\\` },
  ])('keeps $name in a subject from posing as another name', async ({ CN, written }) => {
    const certificate = readClientCertificate(await issue([{ CN: [{ utf8String: CN }] }]));
    expect(certificate.subject).toBe(written);
    expect(toCertificateName(certificate.subject)).toBe(written);
  });

  it('is not read where its subject is no UTF-8: two of them would have one name', async () => {
    // Node would write one character for both bytes; OpenSSL reads neither. The length stays, and so does the encoding around it.
    for (const byte of [0xfe, 0xff]) {
      const { raw } = new X509Certificate(await issue([{ CN: [{ utf8String: 'bill?ng' }] }]));
      const bytes = Buffer.from(raw);
      for (let at = bytes.indexOf('bill?ng'); at >= 0; at = bytes.indexOf('bill?ng')) bytes[at + 4] = byte;
      expect(() => readClientCertificate(bytes)).toThrow(OptionsError);
    }
  });

  it('has no name without a subject and a SPIFFE id', async () => {
    const certificate = readClientCertificate(await issue([], [dns('billing')]));
    expect(certificateNameOf(certificate)).toBeUndefined();
    expect(problemOfCertificateName(certificate)).toBe('certificate-without-name');
  });

  it.each([
    { name: 'nothing', source: '' },
    { name: 'a private key', source: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' },
    { name: 'bytes that mean nothing', source: new Uint8Array([0x30, 0x80, 0, 0]) },
  ])('is not made of $name', ({ source }) => {
    expect(() => readClientCertificate(source)).toThrow('no certificate');
  });

  it('is not made of two, nor of one with something behind it', async () => {
    const pem = await issue([{ CN: ['billing'] }]);
    const { raw } = new X509Certificate(pem);
    for (const source of [`${pem}\n${pem}`, Buffer.from(`${pem}\n${pem}`), Buffer.concat([raw, raw])])
      expect(() => readClientCertificate(source)).toThrow('more than one');
  });
});

describe('the name of a certificate', () => {
  it.each([
    { text: ' spiffe://acme/billing ', name: 'spiffe://acme/billing' },
    { text: 'cn=billing, o=Acme', name: 'CN=billing,O=Acme' },
    { text: String.raw`CN=Acme\2C Inc.`, name: String.raw`CN=Acme\, Inc.` },
    { text: 'CN=Müller', name: String.raw`CN=M\C3\BCller` },
    { text: 'OU=a+CN=b , DC=acme', name: 'OU=a+CN=b,DC=acme' },
    { text: 'EMAILADDRESS=ops@acme.example', name: 'emailAddress=ops@acme.example' },
  ])('is brought from "$text" into the form of a certificate', ({ text, name }) => {
    expect(toCertificateName(text)).toBe(name);
  });

  it.each([
    '',
    'billing',
    'CN',
    'CN=a,',
    ',CN=a',
    '=a',
    'CN="Acme, Inc."',
    'CN=a;O=b',
    'CN=#0c01',
    'CN=a\\',
    String.raw`CN=\FF`,
    '/CN=billing/O=Acme',
    'spiffe://',
    'spiffe://ACME/billing',
    'SPIFFE://acme/billing',
    'spiffe://acme/billing/',
    'spiffe://user@acme/billing',
    `spiffe://acme/${'a'.repeat(2048)}`,
  ])('is refused when it is "%s"', (text) => {
    expect(() => toCertificateName(text)).toThrow(/no distinguished name|no SPIFFE id/);
  });
});
