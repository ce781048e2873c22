/*
 * What identity answers under /auth/organizations, as JSON: times are ISO 8601.
 */

/** An organization, as one of its members is shown it. */
export interface ShownOrganization {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** Those of the member who is shown it. */
  readonly roles: readonly string[];
  /** Whether the session of the member works in it now. */
  readonly isActive: boolean;
}

/** `GET /auth/organizations` */
export interface OrganizationsAnswer {
  /** By name. */
  readonly organizations: readonly ShownOrganization[];
  readonly mayCreate: boolean;
}

/** What a member may do in an organization. */
export interface OrganizationAbilities {
  readonly rename: boolean;
  readonly delete: boolean;
  readonly manageMembers: boolean;
  /** `false` for the last owner. */
  readonly leave: boolean;
}

/** `GET /auth/organizations/:id`, `POST /auth/organizations` and `PATCH /auth/organizations/:id` */
export interface OrganizationAnswer {
  readonly organization: ShownOrganization;
  /** How many there are. */
  readonly members: number;
  readonly may: OrganizationAbilities;
  /** The roles that the member may give to others. */
  readonly offeredRoles: readonly string[];
  /** Every role that members can have. */
  readonly roles: readonly string[];
}

/** `POST /auth/organizations/active` */
export interface ActiveOrganizationAnswer {
  readonly organization: ShownOrganization | null;
}

/** A member, as another one is shown it. */
export interface ShownMember {
  readonly user: {
    readonly id: string;
    readonly name: string;
    /** For those who manage members, and of oneself. */
    readonly email?: string;
  };
  readonly roles: readonly string[];
  readonly joinedAt: string;
  readonly isYou: boolean;
  /** Whether the reader may change its roles. */
  readonly mayChange: boolean;
  /** Whether the reader may remove it; of oneself: leave. */
  readonly mayRemove: boolean;
}

/** `GET /auth/organizations/:id/members` */
export interface MembersAnswer {
  readonly members: readonly ShownMember[];
  /** Where the next page begins (`after`); `null` on the last one. */
  readonly next: string | null;
}

/** `PUT /auth/organizations/:id/members/:user` */
export interface MemberAnswer {
  readonly member: ShownMember;
}

/** An invitation that waits, as those are shown it who manage members. */
export interface ShownInvitation {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  /** The name of who invited; `null` when that account is gone. */
  readonly invitedBy: string | null;
  readonly createdAt: string;
  /** When the last mail was sent. */
  readonly sentAt: string;
  readonly expiresAt: string;
  readonly isExpired: boolean;
  /** Whether the reader may send it again or withdraw it: its roles are within the reader's own permissions. */
  readonly mayChange: boolean;
}

/** `GET /auth/organizations/:id/invitations` */
export interface InvitationsAnswer {
  /** The newest first. */
  readonly invitations: readonly ShownInvitation[];
  /** Where the next page begins (`after`); `null` on the last one. */
  readonly next: string | null;
}

/** `POST /auth/organizations/:id/invitations` and `…/:invitation/resend` */
export interface InvitationAnswer {
  readonly invitation: ShownInvitation;
}

/** `POST /auth/organizations/invitations/check`: the invitation would work now. */
export interface InvitationLinkAnswer {
  readonly status: 'valid';
  readonly organization: { readonly name: string };
  /** The invited address. */
  readonly email: string;
  readonly invitedBy: string | null;
  readonly roles: readonly string[];
  readonly expiresAt: string;
  /** Who reads it: the user who accepts it must be signed in with the invited address. */
  readonly reader: 'signed-out' | 'invited' | 'another-account';
}

/** `POST /auth/organizations/invitations/accept` */
export interface AcceptedInvitationAnswer {
  /** Not the active one yet. */
  readonly organization: ShownOrganization;
}
