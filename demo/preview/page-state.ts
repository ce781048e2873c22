/** What identity would answer, by method and path. */
export type Answers = Readonly<Record<string, () => Response>>;

/** A built-in page in one of its states. */
export interface PageState {
  /** In the address of the preview. */
  readonly id: string;
  readonly title: string;
  readonly path: string;
  /** Sent as the form of the page; absent where it is only looked at. */
  readonly form?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly isSignedIn?: boolean;
  readonly answers?: Answers;
}
