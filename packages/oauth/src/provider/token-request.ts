import type { ArtifactKind, ArtifactName, Artifacts, Artifact } from './artifacts.ts';

/** What a token request used up: a code, the code of a device, or a refresh token. */
export interface UsedGrant extends ArtifactName {
  readonly kind: 'AuthorizationCode' | 'DeviceCode' | 'RefreshToken';
}

/** An answer that was given for a code or a token before, and may have got lost. */
export type GivenAnswer = Readonly<Record<string, unknown>>;

type Write =
  | { readonly kind: 'save'; readonly artifact: Artifact }
  | { readonly kind: 'remove'; readonly name: ArtifactName }
  | { readonly kind: 'remove-of-grant'; readonly of: ArtifactKind; readonly grantId: string };

/**
 * One request to the token endpoint, while it is answered. The library writes one row after the other, and what it has
 * written when the process is killed, or a store fails, cannot be taken back: so everything that it writes waits here, and is
 * kept at once with the answer.
 */
export interface TokenRequest {
  /** What the library wants to keep. */
  readonly writes: Write[];
  /** What the request uses up. */
  used: UsedGrant | undefined;
  /** The client, and what it presented beside it. */
  clientId: string;
  fingerprint: string;
  /** The answer that was given before, where the request is a retry. */
  given: GivenAnswer | undefined;
  /** Whether a code or a refresh token was presented again that was used long ago. */
  isReuse: boolean;
  /** The user whose code or token it is. */
  subject: string | undefined;
  /** Why it is refused, in a word, for the log. */
  refusal: string | undefined;
  /** When the sign-in behind it ends at the latest. */
  endsAt: Date | undefined;
  /** Lets the next request for the same code or token go on. */
  release: () => void;
}

/** Begins a request. */
export function createTokenRequest(): TokenRequest {
  return {
    writes: [],
    used: undefined,
    clientId: '',
    fingerprint: '',
    given: undefined,
    isReuse: false,
    subject: undefined,
    refusal: undefined,
    endsAt: undefined,
    release: () => {},
  };
}

/**
 * What a request that is refused does all the same: it ends what a thief has. What was made before it was refused was given to
 * no client, and is not kept, however often it is asked for.
 */
export function endsOf({ writes }: TokenRequest): Pick<TokenRequest, 'writes'> {
  return { writes: writes.filter(({ kind }) => kind !== 'save') };
}

/** Keeps everything that waits. */
export async function carryOutWrites({ writes }: Pick<TokenRequest, 'writes'>, artifacts: Artifacts): Promise<void> {
  for (const write of writes) {
    switch (write.kind) {
      case 'save':
        await artifacts.save(write.artifact);
        break;
      case 'remove':
        await artifacts.remove(write.name);
        break;
      case 'remove-of-grant':
        await artifacts.removeOfGrant(write.of, write.grantId);
    }
  }
}

/** Takes back what was kept for an answer that another one was faster with, where no transaction does that. */
export async function takeBackWrites({ writes }: TokenRequest, artifacts: Artifacts): Promise<void> {
  for (const write of writes) if (write.kind === 'save') await artifacts.remove(write.artifact);
}

/** The grants that the request ends. */
export function endedGrantsOf({ writes }: TokenRequest): readonly string[] {
  return writes.flatMap((write) => (write.kind === 'remove' && write.name.kind === 'Grant' ? [write.name.id] : []));
}
