import { recordModels, type RecordTable } from '@sallyport/core';

/** The table of OAuth clients. */
export const clientTables: readonly RecordTable[] = [
  {
    model: recordModels.oauthClient,
    columns: {
      /** `client_id`: in addresses, tokens, events. */
      clientId: { type: 'string', required: true, unique: true },
      name: { type: 'string', required: true },
      /** The name as it is compared: no two clients look alike where people are asked for consent. */
      nameKey: { type: 'string', required: true, unique: true },
      trust: { type: 'string', required: true },
      /** Absent in rows from before there were agents: an application. */
      kind: { type: 'string', required: false },
      authentication: { type: 'string', required: true },
      /** With a space between; so are scopes. */
      grantTypes: { type: 'string', required: true },
      scopes: { type: 'string', required: true },
      /** Lists as JSON, and so is `jwks`. */
      redirectUris: { type: 'string', required: true },
      postLogoutRedirectUris: { type: 'string', required: true },
      resources: { type: 'string', required: true },
      /** Absent in rows from before tokens were exchanged: none. */
      serves: { type: 'string', required: false },
      backchannelLogoutUri: { type: 'string', required: false },
      jwks: { type: 'string', required: false },
      jwksUri: { type: 'string', required: false },
      homepage: { type: 'string', required: false },
      logoUri: { type: 'string', required: false },
      dpop: { type: 'string', required: false },
      requirePushedRequests: { type: 'boolean', required: false },
      certificateBoundTokens: { type: 'boolean', required: false },
      certificateName: { type: 'string', required: false },
      /** HMAC of the secret, of a client that has one. */
      secretHash: { type: 'string', required: false },
      secretHint: { type: 'string', required: false },
      secretAt: { type: 'date', required: false },
      /** HMAC of the secret before, for as long as both work. */
      previousHash: { type: 'string', required: false },
      previousUntil: { type: 'date', required: false },
      /** Grows with every change: compare-and-set on it lets one of several make theirs. */
      generation: { type: 'number', required: true },
      disabledAt: { type: 'date', required: false },
      /** When it was disabled last. */
      tokensSince: { type: 'date', required: false },
      createdAt: { type: 'date', required: true },
      updatedAt: { type: 'date', required: true },
    },
  },
];
