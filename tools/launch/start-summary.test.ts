import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alignColumns, toJsonLine, toStartTable } from './start-summary.ts';

const summary = {
  url: 'http://localhost:3000',
  mailbox: 'http://127.0.0.1:4000',
  acmeSso: 'http://127.0.0.1:4001',
  authority: undefined,
  accounts: [
    { email: 'user@example.com', password: 'one', roles: ['user'] },
    { email: 'vendor@example.com', password: "it's", roles: ['vendor'] },
  ],
  services: [
    { name: 'shop', path: '/api/shop' },
    { name: 'shell', path: '/' },
  ],
  commandLineClient: 'client_1',
  logFolder: path.resolve('.sallyport/logs'),
};

describe('the table', () => {
  it('aligns every column', () => {
    expect(
      alignColumns([
        ['a', 'long cell', 'x'],
        ['longer', 'b', 'y'],
      ]),
    ).toEqual(['a        long cell   x', 'longer   b           y']);
  });

  it('shows address, mailbox, services, accounts with passwords, and five things to try', () => {
    const table = toStartTable(summary, 1.26);
    for (const text of [
      'http://localhost:3000 ',
      'http://127.0.0.1:4000',
      'http://127.0.0.1:4001',
      'http://localhost:3000/api/shop',
      'user@example.com',
      'one   user',
      'ready in 1.3 s',
      'npx --no-install sallyport login --url http://localhost:3000 --client client_1',
    ]) {
      expect(table).toContain(text);
    }
    expect(table.match(/^ {2}[1-5]\. /gm)).toHaveLength(5);
    expect(table.match(/^ {2,}curl .*$/gm)).toHaveLength(1);
  });

  it('says on https what to trust, and passes it to both halves of the curl', () => {
    const table = toStartTable({ ...summary, url: 'https://localhost:3000', authority: path.resolve('a b/ca.pem') }, 1);
    expect(table).toMatch(/Authority +a b[\\/]ca\.pem/);
    expect(table).toMatch(/certutil|security/);
    expect(table.match(/--cacert ['"]a b[\\/]ca\.pem['"]/g)).toHaveLength(2);
    expect(toStartTable(summary, 1)).not.toMatch(/cacert|Authority/);
  });

  it('names Acme SSO where it runs alone', () => {
    expect(toStartTable(summary, 1)).toMatch(/^ {2}Acme SSO +http:\/\/127\.0\.0\.1:4001 /m);
    const without = { ...summary, acmeSso: undefined };
    expect(toStartTable(without, 1)).not.toContain('Acme SSO');
    expect(JSON.parse(toJsonLine(without))).not.toHaveProperty('acmeSso');
  });

  it.skipIf(process.platform === 'win32')('quotes the password of the curl for a shell', () => {
    expect(toStartTable(summary, 1)).toContain(`"password":"it'\\''s"`);
  });
});

describe('the JSON line', () => {
  it('names the authority on https', () => {
    expect(JSON.parse(toJsonLine({ ...summary, authority: '/x/ca.pem' }))).toHaveProperty('authority', '/x/ca.pem');
  });

  it('is one line with exactly what was promised', () => {
    const line = toJsonLine(summary);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      url: summary.url,
      mailbox: summary.mailbox,
      acmeSso: summary.acmeSso,
      accounts: summary.accounts,
      commandLineClient: 'client_1',
      services: summary.services,
    });
  });
});
