import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLocalCallers, type LocalCallersOptions } from './local-callers.ts';

const port = 3025;
const ask = (
  headers: Readonly<Record<string, string>>,
  options: LocalCallersOptions = { serves: 'own-pages' },
  method = 'GET',
) => createLocalCallers(options)({ method, port, header: (name) => headers[name] });

const ownNames = ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST', 'mail.localhost', '127.0.0.2', 'localhost.'];
const modes = ['programs', 'own-pages'] as const;

describe.each(modes)('a listener on loopback that serves %s', (serves) => {
  it.each(ownNames)('answers to %s with its port', (name) => {
    expect(ask({ host: `${name}:${port}` }, { serves })).toBeUndefined();
  });

  it.each(ownNames)('does not answer to %s with the port of another listener, or without one', (name) => {
    for (const host of [name, `${name}:80`, `${name}:${port + 1}`, `${name}:0${port}1`])
      expect(ask({ host }, { serves })).toBe('host-unknown');
  });

  it('answers to no name of any owner that points here', () => {
    fc.assert(
      fc.property(fc.domain(), fc.constantFrom('', `:${port}`, ':80', '.', `.:${port}`), (name, end) => {
        expect(ask({ host: name + end }, { serves })).toBe('host-unknown');
      }),
    );
  });

  it.each([
    'localhost.evil.test',
    'evil.test:80@localhost',
    'evil.test#localhost',
    'localhost,evil.test',
    'evil-localhost',
    '127.0.0.1.evil.test',
    '127.0.0.1.nip.io',
    '0.0.0.0',
    '[::]',
    '[::ffff:127.0.0.1]',
    '0x7f.1',
    '2130706433',
    '',
  ])('does not answer to %j', (name) => {
    expect(ask({ host: `${name}:${port}` }, { serves })).toBe('host-unknown');
  });

  it('does not answer where no name is given', () => {
    expect(ask({}, { serves })).toBe('host-unknown');
  });

  it('answers to a configured name as it was written, and to no other', () => {
    const options = { serves, hosts: ['Mail.Tunnel.test:8443', 'box'] };
    expect(ask({ host: 'mail.tunnel.test:8443' }, options)).toBeUndefined();
    expect(ask({ host: 'box' }, options)).toBeUndefined();
    for (const host of ['mail.tunnel.test', 'a.mail.tunnel.test:8443', 'box:3025', 'tunnel.test:8443'])
      expect(ask({ host }, options)).toBe('host-unknown');
  });

  it('refuses the page of every other origin, whatever it makes the browser send', () => {
    const site = fc.constantFrom('cross-site', 'same-site', 'Cross-Site', 'unknown');
    const mode = fc.constantFrom('cors', 'no-cors', 'websocket', 'navigate', undefined);
    const destination = fc.constantFrom('iframe', 'script', 'image', 'empty', 'object', undefined);
    fc.assert(
      fc.property(
        site,
        mode,
        destination,
        fc.constantFrom('GET', 'POST', 'HEAD'),
        (fetchSite, fetchMode, dest, method) => {
          const headers = {
            host: `localhost:${port}`,
            'sec-fetch-site': fetchSite,
            ...(fetchMode === undefined ? {} : { 'sec-fetch-mode': fetchMode }),
            ...(dest === undefined ? {} : { 'sec-fetch-dest': dest }),
          };
          expect(ask(headers, { serves }, method)).toBe('from-a-page');
        },
      ),
    );
  });

  it.each(['null', 'http://evil.test', `http://localhost:${port + 1}`, `http://127.0.0.1:${port}`, ''])(
    'refuses the origin %j',
    (origin) => {
      expect(ask({ host: `localhost:${port}`, origin }, { serves })).toBe('from-a-page');
    },
  );
});

describe('a listener with pages', () => {
  const followed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  it.each([
    { name: 'its own page', headers: { 'sec-fetch-site': 'same-origin', origin: `http://localhost:${port}` } },
    { name: 'an address that was typed', headers: { 'sec-fetch-site': 'none', ...followed } },
    { name: 'a link that was followed', headers: { 'sec-fetch-site': 'cross-site', ...followed } },
  ])('serves $name', ({ headers }) => {
    expect(ask({ host: `localhost:${port}`, ...headers })).toBeUndefined();
  });

  it('serves no form that another site sends as a navigation', () => {
    const headers = { host: `localhost:${port}`, 'sec-fetch-site': 'cross-site', ...followed };
    expect(ask(headers, { serves: 'own-pages' }, 'POST')).toBe('from-a-page');
  });

  it('serves its page behind a tunnel that adds TLS', () => {
    const headers = { host: 'mail.tunnel.test', origin: 'https://mail.tunnel.test' };
    expect(ask(headers, { serves: 'own-pages', hosts: ['mail.tunnel.test'] })).toBeUndefined();
  });
});

it('a listener for programs refuses even an address that was typed into a browser', () => {
  expect(ask({ host: `localhost:${port}`, 'sec-fetch-site': 'none' }, { serves: 'programs' })).toBe('from-a-page');
});
