/** An account at Acme SSO. */
export interface AcmePerson {
  /** Its subject (`sub`): the same at every start, so that what was connected to it stays connected. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  /** Said beside its button. */
  readonly note: string;
}

/** One account for each thing that can happen when an outside provider vouches for an address. */
export const acmePeople: readonly AcmePerson[] = [
  {
    id: 'acme-remy-reyes',
    name: 'Remy Reyes',
    email: 'remy.reyes@acme.test',
    emailVerified: true,
    note: 'has no account at the demo yet',
  },
  {
    id: 'acme-uma-user',
    name: 'Uma User',
    email: 'user@demo.sallyport.test',
    emailVerified: true,
    note: 'has an account at the demo, with the same confirmed address',
  },
  {
    id: 'acme-lin-park',
    name: 'Lin Park',
    email: 'lin.park@acme.test',
    emailVerified: true,
    note: 'to be connected to an account of another address',
  },
  {
    id: 'acme-mal-mallory',
    name: 'Mal Mallory',
    email: 'admin@demo.sallyport.test',
    emailVerified: false,
    note: 'typed the address of the administrator, and never confirmed it',
  },
];

/** The account behind a button. */
export function findAcmePerson(id: string): AcmePerson | undefined {
  return acmePeople.find((person) => person.id === id);
}
