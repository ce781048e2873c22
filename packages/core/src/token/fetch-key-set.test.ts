import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchKeySet } from './fetch-key-set.ts';

let server: Server;
let answer: RequestListener;
let origin: string;
beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // A server on a port has an address of this shape.
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const fetchFrom = (url: string, timeoutMilliseconds = 10_000) => fetchKeySet(fetch, url, timeoutMilliseconds);

describe('keys that cannot be fetched', () => {
  it.each<{ name: string; answer: RequestListener; says: RegExp }>([
    {
      name: 'from a path without keys',
      answer: (_request, response) => void response.writeHead(404).end(),
      says: /answered 404\. Keys are at <internalUrl>\/internal\/\.well-known\/jwks\.json/,
    },
    {
      name: 'from an address that sends elsewhere',
      answer: (_request, response) => void response.writeHead(302, { location: '/sign-in' }).end(),
      says: /answered 302\. Keys are at/,
    },
    {
      name: 'from a page',
      answer: (_request, response) => void response.end('<!doctype html>'),
      says: /not a key set\. Keys are at/,
    },
    {
      name: 'from an empty set',
      answer: (_request, response) => void response.end('{"keys":[]}'),
      says: /no public key for ES256/,
    },
    {
      name: 'from a secret that is published',
      answer: (_request, response) => void response.end('{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'),
      says: /private or symmetric key, which no endpoint may publish\. Keys are at/,
    },
    {
      name: 'from a body without an end',
      answer: (_request, response) => {
        const more = (): void => void response.write('x'.repeat(65_536), more);
        more();
      },
      says: /too large/,
    },
    {
      name: 'from a connection that is cut',
      answer: (request) => void request.socket.destroy(),
      says: /refused or cut \(UND_ERR_SOCKET\)\. Start the gateway/,
    },
  ])('$name are named with their address and what to do', async ({ answer: given, says }) => {
    answer = given;
    const fetched = fetchFrom(`${origin}/keys`);
    await expect(fetched).rejects.toThrow(says);
    await expect(fetched).rejects.toThrow(`the signing keys cannot be fetched from ${origin}/keys:`);
  });

  it('from a port where nothing listens are named with the internal port to look for', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(fetchFrom(`${origin}/keys`)).rejects.toThrow(
      /ECONNREFUSED[\s\S]*"gateway ready" names the internal port/,
    );
  });

  it('from a host without a name are named as that', async () => {
    await expect(fetchFrom('http://gateway.invalid/keys')).rejects.toThrow(/the name of the host is not known here/);
  });

  it('from an https address that speaks http are named as TLS', async () => {
    const fetched = fetchFrom(`${origin.replace('http:', 'https:')}/keys`);
    await expect(fetched).rejects.toThrow(/TLS failed \(ERR_SSL_[A-Z_]+\)[\s\S]*NODE_EXTRA_CA_CERTS/);
  });

  it('from a server that says nothing are given up', async () => {
    answer = () => {};
    await expect(fetchFrom(`${origin}/keys`, 50)).rejects.toThrow(/no answer within 50 ms/);
  });

  it('keep credentials and the query of the address out of the message', async () => {
    answer = (_request, response) => void response.writeHead(500).end();
    const fetched = fetchFrom(`${origin}/keys?token=canary`);
    await expect(fetched).rejects.toThrow(/answered 500/);
    await expect(fetched).rejects.not.toThrow(/canary/);
  });
});
