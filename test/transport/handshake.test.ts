import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { Agent, request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw, startTestGateway, type TestGateway } from '@sallyport/gateway/test-support';
import { createTestAuthority } from '../../tools/launch/test-authority.ts';

interface Pair {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

let folder: string;
let first: Pair;
let second: Pair;
let gateway: TestGateway;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'handshake-'));
  first = await makePair('first');
  second = await makePair('second');
  gateway = await startTestGateway();
  ({ port } = await gateway.gateway.listen({ host: '127.0.0.1', port: 0, tls: first }));
});

afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

describe('a handshake', () => {
  it.each([
    { name: 'TLS 1.3', options: { minVersion: 'TLSv1.3' } },
    { name: 'TLS 1.2 with forward secrecy', options: { maxVersion: 'TLSv1.2' } },
  ] as const)('agrees on $name', async ({ options }) => {
    const socket = await shakeHands(options);
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
  });

  it.each([
    {
      name: 'TLS 1.1',
      options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    },
    { name: 'TLS 1.2 in CBC mode', options: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } },
    { name: 'an old curve', options: { maxVersion: 'TLSv1.2', ecdhCurve: 'secp521r1' } },
    { name: 'HTTP/2 alone', options: { ALPNProtocols: ['h2'] } },
  ] as const)('refuses $name', async ({ options }) => {
    await expect(shakeHands(options)).rejects.toThrow();
  });

  it('goes well with an RSA certificate too', async () => {
    const pair = await makePair('rsa', 'rsa');
    const other = await startTestGateway();
    try {
      const { port: otherPort } = await other.gateway.listen({ host: '127.0.0.1', port: 0, tls: pair });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await shakeHands({ port: otherPort, ca: pair.ca, maxVersion });
        expect(socket.getCipher().name).toMatch(/GCM/);
        socket.destroy();
      }
    } finally {
      await other.close();
    }
  });

  it('cannot be repeated on the same connection', async () => {
    const socket = await shakeHands({ maxVersion: 'TLSv1.2' });
    const failed = new Promise((resolve) => socket.once('error', resolve).once('close', resolve));
    socket.renegotiate({}, () => {});
    await failed;
  });
});

describe('plain HTTP on the port of https', () => {
  it.each(['GET / HTTP/1.1\r\nHost: app.test\r\n\r\n', 'POST /auth/sign-in/email HTTP/1.1\r\nHost: x\r\n\r\n'])(
    'is told so: %j',
    async (bytes) => {
      const answer = await sendRaw(port, bytes);
      expect(answer.status).toBe(400);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', connection: 'close' });
      expect(answer.headers).not.toHaveProperty('set-cookie');
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_TLS_EXPECTED', title: 'This port speaks https' });
    },
  );

  it('is hung up on when it is neither', async () => {
    expect((await sendRaw(port, 'SSH-2.0-OpenSSH_9.2\r\n')).status).toBe(0);
    expect((await get()).status).toBe(200);
  });
});

describe('another certificate', () => {
  it('is used for the next handshake, and open connections stay', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await get({ agent });
    gateway.gateway.replaceCertificate(second);
    try {
      const same = await get({ agent });
      expect(same.localPort).toBe(before.localPort);
      await expect(get()).rejects.toThrow(/certificate|verify/);
      expect((await get({ ca: second.ca })).status).toBe(200);
    } finally {
      agent.destroy();
      gateway.gateway.replaceCertificate(first);
    }
  });

  it.each([
    { name: 'whose key belongs to another', pair: () => ({ cert: first.cert, key: second.key }) },
    { name: 'that is half written', pair: () => ({ cert: second.cert.slice(0, 200), key: second.key }) },
    { name: 'that is empty', pair: () => ({ cert: '', key: '' }) },
  ])('$name is refused, and the one before stays', async ({ pair }) => {
    expect(() => gateway.gateway.replaceCertificate(pair())).toThrow();
    expect((await get()).status).toBe(200);
  });
});

describe('Strict-Transport-Security', () => {
  it.each(['/public/x', '/healthz', '/nowhere//', '/internal/.well-known/jwks.json', '/api/x'])(
    'comes with every answer over https: %s',
    async (target) => {
      expect((await get({ path: target })).hsts).toBe('max-age=31536000');
    },
  );

  it('is not for the internal listener', async () => {
    const answer = await sendRaw(
      gateway.internalPort,
      `GET /public/x HTTP/1.1\r\nHost: localhost:${gateway.internalPort}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  });

  it.each([
    { hsts: { includeSubDomains: true, maxAgeSeconds: 63_072_000 }, value: 'max-age=63072000; includeSubDomains' },
    { hsts: { maxAgeSeconds: 0 }, value: 'max-age=0' },
  ])('says $value when that is configured', async ({ hsts, value }) => {
    const other = await startTestGateway({ hsts });
    try {
      expect((await other.send('GET', '/public/x')).headers['strict-transport-security']).toBe(value);
    } finally {
      await other.close();
    }
  });

  it('is not for localhost, whose other ports belong to other people', async () => {
    const other = await startTestGateway({ publicUrl: 'https://localhost:8443', hosts: [] });
    try {
      const answer = await other.send('GET', '/public/x', { Host: 'localhost:8443' });
      expect(answer.status).toBe(200);
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    } finally {
      await other.close();
    }
  });

  it('is not to be had for less than a year', async () => {
    await expect(startTestGateway({ hsts: { maxAgeSeconds: 3600 } })).rejects.toThrow(/hsts/);
  });
});

async function makePair(name: string, keyType: 'ecdsa' | 'rsa' = 'ecdsa'): Promise<Pair> {
  const { caFile, certFile, keyFile } = await createTestAuthority(path.join(folder, name), { keyType });
  const [ca = '', cert = '', key = ''] = await Promise.all(
    [caFile, certFile, keyFile].map((file) => readFile(file, 'utf8')),
  );
  return { ca, cert, key };
}

function shakeHands(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'app.test',
      ca: first.ca,
      ALPNProtocols: ['http/1.1'],
      ...options,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly hsts: string | undefined;
  readonly localPort: number | undefined;
}

function get(options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      servername: 'app.test',
      path: '/public/x',
      headers: { host: 'app.test' },
      ca: first.ca,
      agent: false,
      ...options,
    });
    sent.on('response', (response) => {
      const { localPort } = response.socket;
      response.resume().on('end', () =>
        resolve({
          status: response.statusCode,
          hsts: response.headers['strict-transport-security'],
          localPort,
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}
