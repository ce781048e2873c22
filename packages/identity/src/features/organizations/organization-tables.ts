import { recordModels, type RecordTable, type RetentionRule } from '@sallyport/core';

/** The tables of organizations, of their members, and of invitations that wait. */
export const organizationTables: readonly RecordTable[] = [
  {
    model: recordModels.organization,
    columns: {
      /** The public handle: in routes, events and tokens. */
      organizationId: { type: 'string', required: true, unique: true },
      name: { type: 'string', required: true },
      /** Subject id of the account that made it, or an operator. */
      createdBy: { type: 'string', required: true },
      createdAt: { type: 'date', required: true, index: true },
      /** Another one with every change of it or its members, which so wait for each other. */
      changeId: { type: 'string', required: true },
    },
  },
  {
    model: recordModels.organizationMember,
    columns: {
      /** Organization and user, so that no user is a member twice. */
      memberKey: { type: 'string', required: true, unique: true },
      organizationId: { type: 'string', required: true, index: true },
      userId: { type: 'string', required: true, index: true },
      /** Names of roles, with a space between. */
      roles: { type: 'string', required: true },
      /** Grows with every change of the roles. */
      generation: { type: 'number', required: true },
      joinedAt: { type: 'date', required: true },
    },
  },
  {
    model: recordModels.organizationInvitation,
    columns: {
      /** The public handle. */
      invitationId: { type: 'string', required: true, unique: true },
      organizationId: { type: 'string', required: true, index: true },
      /** The invited address. */
      email: { type: 'string', required: true, index: true },
      /** Organization and address, so that no address has two. */
      openKey: { type: 'string', required: true, unique: true },
      roles: { type: 'string', required: true },
      /** HMAC of the token that was mailed last. */
      tokenHash: { type: 'string', required: true, unique: true },
      /** Subject id of the member who invites, or an operator. */
      invitedBy: { type: 'string', required: true },
      /** Grows with every mail: the number of the token. */
      generation: { type: 'number', required: true },
      createdAt: { type: 'date', required: true },
      sentAt: { type: 'date', required: true },
      expiresAt: { type: 'date', required: true, index: true },
    },
  },
];

/** Invitations that expired stay for a while, so that they can be sent again. */
export const organizationRetention: readonly RetentionRule[] = [
  {
    kind: 'invitations',
    model: recordModels.organizationInvitation,
    expiry: 'expiresAt',
    keepSeconds: 14 * 86_400,
  },
];
