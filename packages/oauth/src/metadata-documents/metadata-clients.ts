import { createLeastRecentlyUsed, SallyportError, type ProtectedResource } from '@sallyport/core';
import type { OAuthClient } from '../clients/oauth-client.ts';
import type { DocumentOutcome, GetDocument } from '../outbound/get-document.ts';
import { readDocumentAddress } from './document-address.ts';
import { createFetchBounds } from './fetch-bounds.ts';
import { parseClientDocument, type ClientDocument, type ParsedDocument } from './parse-document.ts';

/** Clients without a registration: their `client_id` is the address of a document that says what they are. */
export interface MetadataClients {
  /**
   * What is known of a client by its address alone, so that nothing waits for its host: enough to judge its tokens. `null`
   * for every text that is no address at a host of the list.
   */
  known(clientId: string): OAuthClient | null;
  /**
   * The client as its document says, which is read unless it was a moment ago. Rejects with a `ClientDocumentError` for a
   * document that cannot be used, and with `SP_SERVICE_UNAVAILABLE` where its host did not answer.
   *
   * @param clientAddress of the visitor on whose behalf it is read.
   */
  resolve(clientId: string, clientAddress: string): Promise<OAuthClient | null>;
}

export interface MetadataClientsParts {
  /** Hosts of the documents, with their port unless it is the usual one. */
  readonly hosts: readonly string[];
  /** What such clients may have tokens for. */
  readonly resources: () => readonly ProtectedResource[];
  readonly getDocument: GetDocument;
  readonly now: () => Date;
}

/** The document of a client cannot be used. `problem` is for its developer, and names no value. */
export class ClientDocumentError extends Error {
  override readonly name = 'ClientDocumentError';
  readonly problem: string;

  constructor(problem: string) {
    super(`the client metadata document ${problem}`);
    this.problem = problem;
  }
}

const rememberedDocuments = 500;
/** Of those that cannot be used: in a memory of their own, so that they push out no other. */
const rememberedRefusals = 100;
const usualSeconds = 300;
const maxSeconds = 3600;
/** Also of what must not be kept, and of what failed: a page and the request after it ask once. */
const minSeconds = 5;
/** Grants are given in a sign-in, which lasts a week: nothing of theirs is older. */
const since = new Date(0);

interface Remembered {
  readonly parsed: ParsedDocument;
  readonly until: number;
}

/**
 * Builds the clients by metadata document.
 *
 * What an anonymous visitor can have fetched and kept is bounded: hosts of a list, so many questions per host at once and in a
 * minute, documents of a few kilobytes, and a memory of so many. What could not be read is asked for again seconds later.
 *
 * @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/ OAuth Client ID Metadata Document}
 */
export function createMetadataClients({ hosts, resources, getDocument, now }: MetadataClientsParts): MetadataClients {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  const documents = createLeastRecentlyUsed<Remembered>(rememberedDocuments);
  const refusals = createLeastRecentlyUsed<Remembered>(rememberedRefusals);
  const asked = new Map<string, Promise<ParsedDocument>>();
  const bounds = createFetchBounds(now);

  const addressOf = (clientId: string): URL | undefined => {
    const address = readDocumentAddress(clientId);
    return address !== undefined && allowed.has(address.host) ? address : undefined;
  };
  const read = async (address: URL, clientAddress: string): Promise<ParsedDocument> => {
    const outcome = await bounds.run(address.host, clientAddress, () => getDocument(address.href));
    const parsed = toParsed(outcome, address);
    const until = now().getTime() + secondsOf(outcome, parsed) * 1000;
    (parsed.kind === 'refused' ? refusals : documents).set(address.href, { parsed, until });
    return parsed;
  };
  const documentOf = (address: URL, clientAddress: string): Promise<ParsedDocument> => {
    for (const memory of [documents, refusals]) {
      const known = memory.get(address.href);
      if (known !== undefined && known.until > now().getTime()) return Promise.resolve(known.parsed);
    }
    const running = asked.get(address.href) ?? read(address, clientAddress).finally(() => asked.delete(address.href));
    asked.set(address.href, running);
    return running;
  };

  return {
    known(clientId) {
      const address = addressOf(clientId);
      return address === undefined ? null : toClient(address, nothingSaid, resources());
    },
    async resolve(clientId, clientAddress) {
      const address = addressOf(clientId);
      if (address === undefined) return null;
      const parsed = await documentOf(address, clientAddress);
      if (parsed.kind === 'refused') throw new ClientDocumentError(parsed.problem);
      return toClient(address, parsed.document, resources());
    },
  };
}

const nothingSaid: ClientDocument = { authentication: 'none', redirectUris: [], hasRefresh: false };

/** @throws SallyportError where nothing is known of the document: that is remembered by none. */
function toParsed(outcome: DocumentOutcome, address: URL): ParsedDocument {
  switch (outcome.kind) {
    case 'document':
      return parseClientDocument(outcome.text, address);
    case 'unusable':
      return { kind: 'refused', problem: `cannot be read: ${problems[outcome.reason]}` };
    case 'unreachable':
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: `client-document-${outcome.reason}` });
  }
}

const problems = {
  status: 'its host did not answer with 200',
  redirect: 'its host redirects, which is not followed',
  'media-type': 'it is not served as application/json',
  'too-large': 'it is too large',
} as const;

function secondsOf(outcome: DocumentOutcome, parsed: ParsedDocument): number {
  if (outcome.kind !== 'document' || parsed.kind === 'refused') return minSeconds;
  return Math.min(maxSeconds, Math.max(minSeconds, outcome.maxAgeSeconds ?? usualSeconds));
}

function toClient(address: URL, document: ClientDocument, resources: readonly ProtectedResource[]): OAuthClient {
  const { claimedName, authentication, redirectUris, hasRefresh, jwks, jwksUri, homepage } = document;
  return {
    id: address.href,
    // What it calls itself is shown as such, and nowhere in place of the host, which alone is proved.
    name: address.host,
    trust: 'third-party',
    kind: 'agent',
    dpop: 'optional',
    requirePushedRequests: false,
    certificateBoundTokens: false,
    authentication,
    grantTypes: hasRefresh ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    redirectUris,
    postLogoutRedirectUris: [],
    scopes: ['openid', 'offline_access', ...new Set(resources.flatMap(({ scopes }) => scopes))],
    resources: resources.map(({ resource }) => resource),
    serves: [],
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(homepage === undefined ? {} : { homepage }),
    document: { host: address.host, ...(claimedName === undefined ? {} : { claimedName }) },
    generation: 1,
    secret: null,
    createdAt: since,
    updatedAt: since,
  };
}
