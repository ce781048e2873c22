import { readFileSync } from 'node:fs';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { readSecretFile } from '../config/read-secret-file.ts';
import { maxSecretBytes } from './parse-secrets.ts';
import type { SecretSource } from './secret-source.ts';
import { SecretsUnusable } from './secrets-unusable.ts';

/**
 * Asks an address for secrets and resolves to the body of its answer. Redirects are not followed: the token, and what is
 * believed, are for this address alone.
 *
 * @throws SecretsUnusable with the status or the code of the fault, and nothing of the answer.
 */
export async function requestSecrets(url: string, source: Omit<SecretSource, 'url'>): Promise<Buffer> {
  const { caFile, timeoutSeconds } = source;
  const headers = { ...source.headers, ...tokenHeaderOf(source), accept: 'application/json' };
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const options = { headers, signal, agent: false, ...(caFile === undefined ? {} : { ca: readCa(caFile) }) };
  try {
    const response = await answerOf(url, options);
    const { statusCode: status = 0 } = response;
    if (status !== 200) {
      response.destroy();
      const isRedirect = status >= 300 && status < 400;
      throw new SecretsUnusable(`answered ${status}${isRedirect ? ', and redirects are not followed' : ''}`);
    }
    return await bodyOf(response);
  } catch (error) {
    if (error instanceof SecretsUnusable) throw error;
    if (signal.aborted) throw new SecretsUnusable(`did not answer within ${timeoutSeconds} s`);
    throw new SecretsUnusable(`cannot be asked (${codeOf(error)})`);
  }
}

function answerOf(url: string, options: object): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, options, resolve).once('error', reject).end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxSecretBytes) throw new SecretsUnusable(`answered with more than ${maxSecretBytes} bytes`);
    parts.push(part);
  }
  // An answer that breaks off ends the loop with an error; one without a length that ends early is no JSON.
  return Buffer.concat(parts);
}

function tokenHeaderOf({ tokenFile, tokenHeader }: Omit<SecretSource, 'url'>): Record<string, string> {
  if (tokenFile === undefined) return {};
  const found = readSecretFile(tokenFile);
  if (found.kind === 'refused') throw new SecretsUnusable(`has a tokenFile that ${found.problem}`);
  if (!/^[\x21-\x7e]{1,8192}$/.test(found.text)) throw new SecretsUnusable('has a tokenFile that holds no token');
  return tokenHeader === undefined ? { authorization: `Bearer ${found.text}` } : { [tokenHeader]: found.text };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new SecretsUnusable('has a caFile that cannot be read');
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
