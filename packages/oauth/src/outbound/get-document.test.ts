import { expect, it } from 'vitest';
import { createGetDocument } from './get-document.ts';

const privateAddresses = [
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '192.168.1.1',
  '::1',
  '::ffff:10.0.0.1',
  'fd00::1',
];

it.each(['http://agent.example/client.json', 'https://localhost/client.json', 'https://10.0.0.1/a', 'https://[::1]/a'])(
  '%s is not called',
  async (address) => {
    const get = createGetDocument({
      privateHosts: [],
      maxBytes: 1000,
      resolve: () => expect.unreachable('nothing is resolved'),
    });
    expect(await get(address)).toEqual({ kind: 'unreachable', reason: 'private-host' });
  },
);

it.each(privateAddresses)('a name that leads to %s is not called', async (address) => {
  const get = createGetDocument({
    privateHosts: [],
    maxBytes: 1000,
    resolve: (_name, _options, done) =>
      done(null, [
        { address: '8.8.8.8', family: 4 },
        { address, family: address.includes(':') ? 6 : 4 },
      ]),
  });
  expect(await get('https://agent.example/client.json')).toEqual({ kind: 'unreachable', reason: 'private-host' });
});

it('a host that does not answer is waited for as long as is said', async () => {
  const get = createGetDocument({ privateHosts: [], maxBytes: 1000, timeoutMilliseconds: 30, resolve: () => {} });
  expect(await get('https://agent.example/client.json')).toEqual({ kind: 'unreachable', reason: 'timeout' });
});
