import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A host on loopback with TLS, whose certificate this process trusts: it serves metadata documents of clients. */
export interface DocumentHost {
  /** With its port. */
  readonly host: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  /** Serves a document that says its own address, with changes; the result is the address. */
  serve(path: string, change?: object): string;
  /** Answers a path by other means; the result is the address. */
  answer(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): string;
  close(): void;
}

/** Where browsers are led back to: nothing listens there. */
export const agentRedirectUri = 'http://127.0.0.1:4999/callback';

/** Starts one. */
export async function startDocumentHost(): Promise<DocumentHost> {
  const { cert, key } = makeCertificate();
  setDefaultCACertificates([...getCACertificates('default'), cert]);
  const asked: string[] = [];
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const server = createServer({ cert, key }, (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const answer: DocumentHost['answer'] = (path, respond) => {
    answers.set(path, respond);
    return `https://${host}${path}`;
  };
  return {
    host,
    asked,
    answer,
    serve: (path, change = {}) =>
      answer(path, (_request, response) => {
        const document = {
          client_id: `https://${host}${path}`,
          client_name: 'Robot',
          redirect_uris: [agentRedirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          token_endpoint_auth_method: 'none',
          ...change,
        };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function makeCertificate(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-document-host-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...made, ...named, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}
