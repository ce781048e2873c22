import type { ClientCertificate } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { matchesCertificateMetadata, toCertificateMetadata, toClientCertificateName } from './certificate-name.ts';

const certificate: ClientCertificate = {
  subject: 'CN=bank,O=Partner',
  dnsNames: ['bank.partner.example', 'api.partner.example'],
  uris: ['spiffe://partner/bank'],
  emails: ['bank@partner.example'],
  addresses: ['10.1.2.3', '2001:db8::1'],
  thumbprint: 'x'.repeat(43),
  serialNumber: '1',
  issuer: 'CN=Partner',
  validFrom: new Date(0),
  expiresAt: new Date(1),
  pem: '',
};

function matches(text: string): boolean {
  const outcome = toClientCertificateName(text);
  if ('problem' in outcome) throw new TypeError(outcome.problem);
  const [[property, name] = ['', '']] = Object.entries(toCertificateMetadata(outcome.name));
  return matchesCertificateMetadata(certificate, property, name);
}

describe('the name of a certificate', () => {
  it.each([
    'dn:CN=bank,O=Partner',
    'dns:bank.partner.example',
    'dns:API.Partner.Example',
    'uri:spiffe://partner/bank',
    'ip:10.1.2.3',
    'ip:2001:0DB8:0:0:0:0:0:1',
    'email:bank@partner.example',
  ])('%s is found in it', (text) => {
    expect(matches(text)).toBe(true);
  });

  it.each([
    'dn:CN=bank',
    'dn:O=Partner,CN=bank',
    'dns:partner.example',
    'dns:x.bank.partner.example',
    'dns:bank',
    'uri:spiffe://partner/bank/x',
    'uri:spiffe://partner/BANK',
    'ip:10.1.2.30',
    'email:BANK@partner.example',
    // A name of another kind that reads the same.
    'uri:dns:bank.partner.example',
    'dns:10.1.2.3',
  ])('%s is not found in it', (text) => {
    expect(matches(text)).toBe(false);
  });

  it('is found under its own kind alone', () => {
    expect(matchesCertificateMetadata(certificate, 'tls_client_auth_san_uri', 'bank.partner.example')).toBe(false);
    expect(matchesCertificateMetadata(certificate, 'unknown', 'CN=bank,O=Partner')).toBe(false);
  });
});
