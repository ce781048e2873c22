/** The signed-in person, as the header shows them. */
export interface Viewer {
  readonly name?: string;
  readonly email?: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}
