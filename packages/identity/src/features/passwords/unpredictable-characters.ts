import { commonPasswordData } from './common-password-data.ts';
import { commonPasswordWords } from './common-password-words.ts';
import { openCommonWordFilter } from './common-word-filter.ts';
import { createWordHash, spellOut, type WordHash } from './common-word.ts';
import { keyWalkAt, runLengthAt, shortestWalk } from './key-walks.ts';

/**
 * What a part of a password counts for, where one character that nothing explains counts 1. A word is chosen from tens of
 * thousands, and so is not worth more than one and a half characters, however long it is: three of them are guessed as a
 * whole, four are not.
 */
const worth = { frequentWord: 0.5, word: 1.5, sign: 0.5, run: 1, walk: 1, turn: 0.5, lastDigits: 1 } as const;

const shortestWord = 3;
const longestWord = 24;
const longestRepeated = 64;
const year = /^(?:19|20)\d\d$/;

const filter = openCommonWordFilter(commonPasswordData);
const frequentWords = toWordSet(commonPasswordWords);

/** Words by their hash: looking one up while a text is read makes no text. */
export type WordSet = ReadonlySet<number>;

/** Makes the set of some words, in lower case. Words of less than three characters are left out. */
export function toWordSet(words: Iterable<string>): WordSet {
  return new Set([...words].filter((word) => word.length >= shortestWord).map((word) => keyOf(hashOf(spellOut(word)))));
}

/**
 * Counts the characters of a password that are left when it is told in the shortest way: with common passwords and words,
 * words of the context, runs and walks over the keyboard, years and repetitions. Words are found in other spellings too, such
 * as `p4$$w0rd`.
 *
 * @param text - in lower case.
 * @param context - words that count nothing.
 */
export function unpredictableCharacters(text: string, context: WordSet = new Set()): number {
  const characters = [...text];
  const { length } = characters;
  // The shortest path over the characters, of which each part is a step.
  const least = Array.from({ length: length + 1 }, () => Number.POSITIVE_INFINITY);
  least[0] = 0;
  for (let from = 0; from < length; from += 1) {
    const before = least[from] ?? 0;
    const step: Step = (to, counted) => {
      if (before + counted < (least[to] ?? 0)) least[to] = before + counted;
    };
    step(from + 1, worthOf(characters[from] ?? ''));
    stepOverWords(characters, from, context, step);
    stepOverKeys(characters, from, step);
    for (let unit = 1; unit <= Math.min(from, length - from, longestRepeated); unit += 1)
      if (isRepeated(characters, from, unit)) step(from + unit, 0);
  }
  return least[length] ?? 0;
}

/** Whether a text as a whole is a common password, whatever stands between its words and whatever digits stand around them. */
export function isCommonPassword(text: string): boolean {
  const words = text.replace(/[^\p{L}\p{N}\p{M}]/gu, '');
  const inner = words.replace(/^\p{N}+|\p{N}+$/gu, '');
  return [text, words, inner].some((one) => filter.has(spellOut(one)));
}

type Step = (to: number, counted: number) => void;

function stepOverWords(characters: readonly string[], from: number, context: WordSet, step: Step): void {
  const hash = createWordHash();
  const end = Math.min(characters.length, from + longestWord);
  for (let to = from + 1; to <= end; to += 1) {
    addTo(hash, spellOut(characters[to - 1] ?? ''));
    if (to - from < shortestWord) continue;
    const key = keyOf(hash);
    if (context.has(key)) step(to, 0);
    if (frequentWords.has(key)) step(to, worth.frequentWord);
    if (filter.hasHash(hash)) step(to, worth.word);
  }
  const digits = characters.slice(from, from + 4).join('');
  if (year.test(digits)) step(from + 4, 0);
  // Digits at the end are what is added where a password was refused.
  if (from + digits.length === characters.length && /^\d+$/.test(digits)) step(characters.length, worth.lastDigits);
}

function stepOverKeys(characters: readonly string[], from: number, step: Step): void {
  const run = runLengthAt(characters, from);
  for (let size = shortestWalk; size <= run; size += 1) step(from + size, worth.run);
  const { length, turns } = keyWalkAt(characters, from);
  for (let size = shortestWalk; size <= length; size += 1)
    step(from + size, Math.max(worth.word, worth.walk + worth.turn * (turns[size - 1] ?? 0)));
}

/** Whether what stands before a place stands there again, at once or after one sign. */
function isRepeated(characters: readonly string[], at: number, unit: number): boolean {
  return (
    isSame(characters, at - unit, at, unit) ||
    (isSign(characters[at - 1]) && isSame(characters, at - unit - 1, at, unit))
  );
}

function isSame(characters: readonly string[], one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index += 1)
    if (characters[one + index] !== characters[other + index]) return false;
  return true;
}

/** A sign between words, or at the end, is the usual addition. */
function worthOf(character: string): number {
  return isSign(character) ? worth.sign : 1;
}

function isSign(character: string | undefined): boolean {
  return character !== undefined && !/[\p{L}\p{N}\p{M}]/u.test(character);
}

function hashOf(word: string): WordHash {
  const hash = createWordHash();
  addTo(hash, word);
  return hash;
}

function addTo(hash: WordHash, text: string): void {
  for (let index = 0; index < text.length; index += 1) hash.add(text.charCodeAt(index));
}

/** Both hashes as one number, as far as numbers are exact. */
function keyOf({ upper, lower }: WordHash): number {
  return upper * 2 ** 20 + (lower >>> 12);
}
