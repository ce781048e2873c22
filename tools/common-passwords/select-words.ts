import { spellOut } from '@sallyport/identity/test-support';
import type { WordSources } from './word-sources.ts';

/** Which of the words are kept, in the one spelling in which they are compared. */
export interface SelectedWords {
  readonly words: ReadonlySet<string>;
  /** How many of them are passwords that leaked or are famous; the others are words of films, of an encyclopedia, and names. */
  readonly passwords: number;
}

/** Shorter ones are found in any random text. */
const shortest = 4;
const shortestNumber = 6;
const longest = 40;
/** A password that can be chosen with the usual settings, and that people made, is worth its place however seldom it is. */
const longPassword = 12;

/** Selects the words of the filter. */
export function selectWords(sources: WordSources, phrases: readonly string[]): SelectedWords {
  const words = new Set<string>();
  const add = (list: readonly string[], isWanted: (word: string) => boolean = () => true): void => {
    for (const word of list.map((entry) => entry.trim().normalize('NFKC').toLowerCase()))
      if (isUseful(word) && isWanted(word)) words.add(spellOut(word));
  };
  add(
    phrases.map((phrase) => phrase.replaceAll(' ', '')),
    () => true,
  );
  for (const list of sources.passwords) add(list);
  add(sources.morePasswords, (word) => word.length >= longPassword);
  const passwords = words.size;
  for (const list of sources.words) add(list);
  return { words, passwords };
}

function isUseful(word: string): boolean {
  const { length } = [...word];
  return length <= longest && length >= (/^\d+$/.test(word) ? shortestNumber : shortest);
}
