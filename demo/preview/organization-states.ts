import type {
  InvitationLinkAnswer,
  InvitationsAnswer,
  MembersAnswer,
  OrganizationAnswer,
  OrganizationsAnswer,
  ShownMember,
  ShownOrganization,
} from '@sallyport/core';
import { fingerprintOfLink } from '@sallyport/pages';
import { refuses, says } from './played-answers.ts';
import type { Answers, PageState } from './page-state.ts';

const acme: ShownOrganization = {
  id: 'org_acme',
  name: 'Acme Tools',
  createdAt: '2030-01-01T00:00:00.000Z',
  roles: ['owner'],
  isActive: true,
};
const globex: ShownOrganization = { ...acme, id: 'org_globex', name: 'Globex', roles: ['member'], isActive: false };

const list = (organizations: readonly ShownOrganization[], mayCreate = true): Answers => ({
  'GET /auth/organizations': says({ organizations, mayCreate } satisfies OrganizationsAnswer),
});

const person = (id: string, name: string, roles: readonly string[], isYou = false): ShownMember => ({
  user: { id, name, email: `${id}@example.com` },
  roles,
  joinedAt: '2030-01-01T00:00:00.000Z',
  isYou,
  mayChange: !isYou,
  mayRemove: true,
});
const people = [
  person('robin', 'Robin Doe', ['owner'], true),
  person('mia', 'Mia Fernandez', ['member', 'billing']),
  person('konstantin', 'Konstantin Papadopoulos-Schneider', ['member']),
];
const members = { members: people, next: null } satisfies MembersAnswer;
const invitation = {
  id: 'inv_1',
  email: 'lee@example.com',
  roles: ['member'],
  invitedBy: 'Robin Doe',
  createdAt: '2030-01-01T00:00:00.000Z',
  sentAt: '2030-01-01T00:00:00.000Z',
  expiresAt: '2030-01-08T00:00:00.000Z',
  isExpired: false,
  mayChange: true,
};
const invitations = {
  invitations: [
    invitation,
    { ...invitation, id: 'inv_2', email: 'a.very.long.address@department.example.com', isExpired: true },
  ],
  next: null,
} satisfies InvitationsAnswer;
const all = { rename: true, delete: true, manageMembers: true, leave: false };
const owned = {
  organization: acme,
  members: people.length,
  may: all,
  offeredRoles: ['owner', 'billing', 'member'],
  roles: ['owner', 'billing', 'member'],
} satisfies OrganizationAnswer;

const asOwner: Answers = {
  'GET /auth/organizations/org_acme': says(owned),
  'GET /auth/organizations/org_acme/members': says(members),
  'GET /auth/organizations/org_acme/invitations': says(invitations),
};
const asMember: Answers = {
  'GET /auth/organizations/org_globex': says({
    ...owned,
    organization: globex,
    may: { rename: false, delete: false, manageMembers: false, leave: true },
    offeredRoles: [],
  } satisfies OrganizationAnswer),
  'GET /auth/organizations/org_globex/members': says({
    members: people.map(({ user: { id, name }, roles, joinedAt, isYou }) => ({
      user: { id, name },
      roles,
      joinedAt,
      isYou,
      mayChange: false,
      mayRemove: isYou,
    })),
    next: null,
  } satisfies MembersAnswer),
};

const token = 'c2FtcGxlLXRva2VuLW9mLWEtcHJldmlldy1vbmx5LTAx';
const link = { 'sallyport-80-link': token };
const invited = (reader: InvitationLinkAnswer['reader']): Answers => ({
  'POST /auth/organizations/invitations/check': says({
    status: 'valid',
    organization: { name: 'Acme Tools' },
    email: 'robin@example.com',
    invitedBy: 'Mia Fernandez',
    roles: ['member'],
    expiresAt: '2030-01-08T00:00:00.000Z',
    reader,
  } satisfies InvitationLinkAnswer),
});

const organization = '/auth/my/organization';
const invitationPath = '/auth/invitation';

/** The pages of organizations in their states. */
export const organizationStates: readonly PageState[] = [
  {
    id: 'organizations',
    title: 'Your organizations',
    path: '/auth/my/organizations',
    isSignedIn: true,
    answers: list([acme, globex]),
  },
  {
    id: 'organizations-none-active',
    title: 'Your organizations: none is active',
    path: '/auth/my/organizations?did=left',
    isSignedIn: true,
    answers: list([globex]),
  },
  {
    id: 'organizations-none',
    title: 'Your organizations: none',
    path: '/auth/my/organizations',
    isSignedIn: true,
    answers: list([], false),
  },
  {
    id: 'organizations-refused',
    title: 'Your organizations: no member any more',
    path: '/auth/my/organizations',
    form: { organization: 'org_gone' },
    isSignedIn: true,
    answers: { ...list([acme, globex]), 'POST /auth/organizations/active': refuses('SP_NOT_FOUND') },
  },
  {
    id: 'organizations-out-of-order',
    title: 'Your organizations: out of order',
    path: '/auth/my/organizations',
    isSignedIn: true,
    answers: { 'GET /auth/organizations': refuses('SP_STORE_UNAVAILABLE') },
  },
  {
    id: 'organization-new',
    title: 'Create an organization',
    path: '/auth/my/organizations/new',
    isSignedIn: true,
    answers: list([]),
  },
  {
    id: 'organization-new-refused',
    title: 'Create an organization: refused name',
    path: '/auth/my/organizations/new',
    form: { name: 'https://evil.example' },
    isSignedIn: true,
    answers: {
      'POST /auth/organizations': refuses('SP_VALIDATION_FAILED', {
        errors: [{ field: 'name', message: 'must not read like an address' }],
      }),
    },
  },
  {
    id: 'organization-new-not-offered',
    title: 'Create an organization: not offered',
    path: '/auth/my/organizations/new',
    isSignedIn: true,
    answers: list([acme], false),
  },
  {
    id: 'organization',
    title: 'An organization: its owner',
    path: `${organization}?id=org_acme`,
    isSignedIn: true,
    answers: asOwner,
  },
  {
    id: 'organization-member',
    title: 'An organization: a member',
    path: `${organization}?id=org_globex`,
    isSignedIn: true,
    answers: asMember,
  },
  {
    id: 'organization-invite-refused',
    title: 'An organization: refused invitation',
    path: organization,
    form: { do: 'invite', organization: 'org_acme', email: 'mia@example', 'role.member': 'on' },
    isSignedIn: true,
    answers: {
      ...asOwner,
      'POST /auth/organizations/org_acme/invitations': refuses('SP_VALIDATION_FAILED', {
        errors: [{ field: 'email', message: 'must be an email address' }],
      }),
    },
  },
  {
    id: 'organization-too-many',
    title: 'An organization: too many invitations',
    path: organization,
    form: { do: 'invite', organization: 'org_acme', email: 'mia@example.com', 'role.member': 'on' },
    isSignedIn: true,
    answers: {
      ...asOwner,
      'POST /auth/organizations/org_acme/invitations': refuses('SP_TOO_MANY_ATTEMPTS', { wait: 3600 }),
    },
  },
  {
    id: 'organization-roles',
    title: 'An organization: roles of a member',
    path: `${organization}?id=org_acme&member=mia`,
    isSignedIn: true,
    answers: asOwner,
  },
  {
    id: 'organization-roles-refused',
    title: 'An organization: the last owner',
    path: organization,
    form: { do: 'roles', organization: 'org_acme', member: 'mia', 'role.member': 'on' },
    isSignedIn: true,
    answers: { ...asOwner, 'PUT /auth/organizations/org_acme/members/mia': refuses('SP_LAST_OWNER') },
  },
  {
    id: 'organization-remove',
    title: 'An organization: remove a member?',
    path: `${organization}?id=org_acme&member=konstantin&confirm=remove`,
    isSignedIn: true,
    answers: asOwner,
  },
  {
    id: 'organization-leave',
    title: 'An organization: leave?',
    path: `${organization}?id=org_globex&confirm=leave`,
    isSignedIn: true,
    answers: asMember,
  },
  {
    id: 'organization-delete',
    title: 'An organization: delete?',
    path: `${organization}?id=org_acme&confirm=delete`,
    isSignedIn: true,
    answers: asOwner,
  },
  {
    id: 'organization-unknown',
    title: 'An organization: unknown, or of others',
    path: `${organization}?id=org_gone`,
    isSignedIn: true,
    answers: {
      'GET /auth/organizations/org_gone': refuses('SP_NOT_FOUND'),
      'GET /auth/organizations/org_gone/members': refuses('SP_NOT_FOUND'),
    },
  },
  {
    id: 'invitation',
    title: 'Invitation',
    path: invitationPath,
    cookies: link,
    isSignedIn: true,
    answers: invited('invited'),
  },
  {
    id: 'invitation-signed-out',
    title: 'Invitation: signed out',
    path: invitationPath,
    cookies: link,
    answers: invited('signed-out'),
  },
  {
    id: 'invitation-another-account',
    title: 'Invitation: another account',
    path: invitationPath,
    cookies: link,
    isSignedIn: true,
    answers: invited('another-account'),
  },
  {
    id: 'invitation-full',
    title: 'Invitation: refused',
    path: invitationPath,
    cookies: link,
    form: { do: 'accept', link: fingerprintOfLink(token) },
    isSignedIn: true,
    answers: {
      ...invited('invited'),
      'POST /auth/organizations/invitations/accept': refuses('SP_CONFLICT', {
        errors: [{ field: 'organization', message: 'has the 500 members that it may have' }],
      }),
    },
  },
  {
    id: 'invitation-declined',
    title: 'Invitation: declined',
    path: invitationPath,
    cookies: link,
    form: { do: 'decline', link: fingerprintOfLink(token) },
    answers: { 'POST /auth/organizations/invitations/decline': () => new Response(null, { status: 204 }) },
  },
  { id: 'invitation-spent', title: 'Invitation: used link', path: invitationPath },
];
