import { pageUrl, type PageTable } from '@sallyport/core';

/** Identity makes them: `org_…`, `inv_…`, a UUID, or the 24 digits of MongoDB. */
const handleForm = /^[\w-]{1,100}$/;

/** A handle as one segment of a path. What comes from an address or a form and is none becomes one that no row has. */
export function segment(handle: string): string {
  return handleForm.test(handle) ? handle : 'none';
}

/** The route of an organization at identity. */
export function organizationRoute(id: string): string {
  return `/auth/organizations/${segment(id)}`;
}

/** What the page of an organization shows. */
export interface OrganizationView {
  readonly id: string;
  /** A member whose roles are looked at, or who is to be removed. */
  readonly member?: string | undefined;
  /** Members before it are on pages before this one. */
  readonly after?: string | undefined;
  /** Invitations before it are on pages before this one. */
  readonly invited?: string | undefined;
  readonly confirm?: 'remove' | 'leave' | 'delete' | undefined;
  /** What was done. */
  readonly did?: string | undefined;
}

/** The address of the page of an organization. */
export function organizationUrl({ organization }: Pick<PageTable, 'organization'>, view: OrganizationView): string {
  return pageUrl(organization, { ...view });
}
