/** What the signed-in person may do with products. Drives what is shown; the shop decides by itself. */
export interface Abilities {
  readonly userId: string;
  readonly mayCreate: boolean;
  readonly mayUpdateOwn: boolean;
  readonly mayUpdateAny: boolean;
  readonly mayDelete: boolean;
}

/** Reads the abilities from the permissions in the token. */
export function toAbilities(userId: string, permissions: readonly string[]): Abilities {
  const holds = (permission: string): boolean => permissions.includes(permission);
  return {
    userId,
    mayCreate: holds('product:create'),
    mayUpdateOwn: holds('product:update'),
    mayUpdateAny: holds('product:update') && holds('product:update-any'),
    mayDelete: holds('product:delete'),
  };
}

/** Says whether the person may change a product of this owner. */
export function mayUpdate(abilities: Abilities, ownerId: string): boolean {
  return abilities.mayUpdateAny || (abilities.mayUpdateOwn && ownerId === abilities.userId);
}
