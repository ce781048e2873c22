import type { ClientAuth } from '../client-auth.ts';
import type { KeptField } from './draft-fields.ts';

/** Drafts of one page, by the names of their forms. */
export type Drafts = Readonly<Record<string, readonly KeptField[]>>;

/** Keeps drafts in the storage of one tab, for the person who typed them, until that person has signed in again. */
export interface DraftStore {
  /** The page is about to go. Without drafts nothing is kept. */
  keep(auth: ClientAuth, page: string, drafts: Drafts): void;
  /**
   * Gives the drafts of a page back, once. What another person typed is dropped, and so is what was typed before an
   * ordinary way to another page: with no sign-in in between.
   */
  take(auth: ClientAuth, page: string): Drafts;
  forget(): void;
}

interface Kept {
  readonly person: string;
  readonly authTime: number;
  readonly at: number;
  readonly page: string;
  readonly drafts: Drafts;
}

const storageKey = 'sallyport:drafts';
const maxLength = 65_536;
/** A tab that was left open in the evening is signed in again in the morning. */
const maxAgeMilliseconds = 16 * 3_600_000;

/** Where storage is switched off or full, nothing is kept. */
export function createDraftStore(
  storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  clock: () => number,
): DraftStore {
  const forget = (): void => {
    try {
      storage().removeItem(storageKey);
    } catch {
      // Then there is nothing.
    }
  };
  const read = (): Kept | undefined => {
    try {
      const text = storage().getItem(storageKey);
      const value: unknown = text === null ? undefined : JSON.parse(text);
      return isKeptDrafts(value) ? value : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    keep: (auth, page, drafts) => {
      if (auth.status === 'signed-out' || Object.keys(drafts).length === 0) return;
      const kept: Kept = { person: auth.userId, authTime: auth.authTime, at: clock(), page, drafts };
      const text = JSON.stringify(kept);
      if (text.length > maxLength) return;
      try {
        storage().setItem(storageKey, text);
      } catch {
        // Switched off, or full.
      }
    },
    take: (auth, page) => {
      // A page for everybody may stand between the two.
      if (auth.status === 'signed-out') return {};
      const kept = read();
      if (kept === undefined) return {};
      const isOwn = kept.person === auth.userId && auth.authTime > kept.authTime;
      const isRecent = clock() - kept.at < maxAgeMilliseconds;
      if (isOwn && isRecent && kept.page !== page) return {};
      forget();
      return isOwn && isRecent ? kept.drafts : {};
    },
    forget,
  };
}

/** Any script of this origin can write there. */
function isKeptDrafts(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { person, authTime, at, page, drafts } = value as Readonly<Record<string, unknown>>;
  return (
    typeof person === 'string' &&
    typeof authTime === 'number' &&
    typeof at === 'number' &&
    typeof page === 'string' &&
    typeof drafts === 'object' &&
    drafts !== null &&
    Object.values(drafts).every((fields: unknown) => Array.isArray(fields) && fields.every(isKeptField))
  );
}

function isKeptField(value: unknown): value is KeptField {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, content] = value as readonly unknown[];
  return typeof name === 'string' && (typeof content === 'string' || typeof content === 'boolean');
}
