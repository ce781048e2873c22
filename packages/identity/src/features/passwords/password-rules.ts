import { OptionsError, SallyportError } from '@sallyport/core';
import { commonPasswordWords } from './common-password-words.ts';

/** How long a password must and may be, in characters after normalization. */
export interface PasswordLength {
  readonly minimum: number;
  readonly maximum: number;
}

/** Whose password it is to be: what is mostly their name or address is refused. */
export interface PasswordOwner {
  readonly name: string;
  readonly email: string;
}

/**
 * Rejects with `SP_PASSWORD_UNACCEPTABLE` what is too short, too long, or guessed first. There are no rules about kinds
 * of characters.
 *
 * @see {@link https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver NIST SP 800-63B-4, section 3.1.1.2}
 */
export type RequireAcceptablePassword = (field: string, password: string, owner: PasswordOwner) => void;

/** Fewer unpredictable characters than this beside common words and runs are not a secret. */
const minimumUnpredictable = 6;
const shortestContextWord = 4;

/** Neighbours on keyboards, in both directions. */
const runs: readonly string[] = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  '!@#$%^&*()',
  '!"§$%&/()=',
].flatMap((run) => [run, [...run].reverse().join('')]);
const shortestRun = 4;

const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Builds the rules. Longest words first, so that `password` is not left with the rest of `pass`. */
export function createPasswordRules(length: PasswordLength, productName: () => string): RequireAcceptablePassword {
  const { minimum, maximum } = length;
  if (!Number.isInteger(minimum) || minimum < 8)
    throw new OptionsError('the minimum length of passwords must be 8 or more');
  if (!Number.isInteger(maximum) || maximum < 64)
    throw new OptionsError('the maximum length of passwords must be 64 or more');

  return (field, password, owner) => {
    const characters = [...password.normalize('NFKC')];
    if (characters.length < minimum) refuse(field, `must have at least ${minimum} characters`);
    if (characters.length > maximum) refuse(field, `must have at most ${maximum} characters`);
    const context = contextWords(productName(), owner);
    const text = characters.join('').toLowerCase();
    if (unpredictable(text, []) < minimumUnpredictable)
      refuse(field, 'is too easy to guess: it is a common password, a repetition or a run of keys');
    if (unpredictable(text, context) < minimumUnpredictable)
      refuse(field, 'is too easy to guess: it is mostly your name, your email address or the name of this product');
  };
}

function refuse(field: string, message: string): never {
  throw new SallyportError('SP_PASSWORD_UNACCEPTABLE', { reason: 'password-rules', errors: [{ field, message }] });
}

function contextWords(productName: string, { name, email }: PasswordOwner): readonly string[] {
  const [localPart = '', domain = ''] = email.toLowerCase().split('@');
  const words = [productName, name, localPart, domain, domain.split('.')[0] ?? '']
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u), text.replace(/[^\p{L}\p{N}]+/gu, '')])
    .map((word) => word.normalize('NFKC').toLowerCase())
    .filter((word) => word.length >= shortestContextWord);
  return [...new Set(words)].sort((a, b) => b.length - a.length);
}

/** How many characters are left without common words, runs and repetitions, read in either spelling. */
function unpredictable(text: string, context: readonly string[]): number {
  const words = [...context, ...commonPasswordWords];
  const spelled = [...text].map((character) => lookAlikes[character] ?? character).join('');
  return Math.min(...[text, spelled].map((spelling) => countLeft(spelling, words)));
}

function countLeft(text: string, words: readonly string[]): number {
  let rest = text;
  for (const word of words) rest = rest.replaceAll(word, '\u0000');
  rest = withoutRuns(withoutRepetition(rest.replace(/(?:19|20)\d\d/g, '\u0000'))).replaceAll('\u0000', '');
  const signs = rest.replace(/[\p{L}\p{N}\p{M}]/gu, '');
  // A sign between words, or at the end, is the usual addition.
  return rest.length - signs.length / 2;
}

/** `abcabcabc` says no more than `abc`, and `aaaa` no more than `a`. */
function withoutRepetition(text: string): string {
  return text.replace(/(.{1,12}?)\1+/gsu, '$1');
}

function withoutRuns(text: string): string {
  let rest = '';
  for (let index = 0; index < text.length;) {
    const length = runLengthAt(text, index);
    if (length >= shortestRun) {
      // The first character says where the run began.
      rest += text.charAt(index);
      index += length;
    } else {
      rest += text.charAt(index);
      index += 1;
    }
  }
  return rest;
}

function runLengthAt(text: string, index: number): number {
  let longest = 1;
  for (const run of runs) {
    const start = run.indexOf(text.charAt(index));
    if (start === -1) continue;
    let length = 1;
    while (index + length < text.length && text.charAt(index + length) === run.charAt(start + length)) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
