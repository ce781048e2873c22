import { OptionsError, SallyportError } from '@sallyport/core';
import type { PasswordOwner, RequireAcceptablePassword } from '../../accounts/chosen-passwords.ts';
import { isCommonPassword, toWordSet, unpredictableCharacters, type WordSet } from './unpredictable-characters.ts';

/** How long a password must and may be, in characters after normalization. */
export interface PasswordLength {
  readonly minimum: number;
  readonly maximum: number;
}

/** Fewer unpredictable characters than this beside common words and runs are not a secret. */
const minimumUnpredictable = 6;
const shortestContextWord = 4;

/** What to do instead, for people: nothing else that they could add makes a guessed password good. */
const advice = 'use four or more words that have nothing to do with each other, or let a password manager make one';

/** Builds the rules. */
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
    const text = characters.join('').toLowerCase();
    const isCommon = isCommonPassword(text);
    // With the words of the context it is never worth more: mostly one look is enough.
    if (!isCommon && unpredictableCharacters(text, contextWords(productName(), owner)) >= minimumUnpredictable) return;
    const made =
      isCommon || unpredictableCharacters(text) < minimumUnpredictable
        ? 'made of common words, names, repetitions or runs of keys'
        : 'mostly your name, your email address or the name of this product';
    refuse(field, `is too easy to guess, ${made}: ${advice}`);
  };
}

function refuse(field: string, message: string): never {
  throw new SallyportError('SP_PASSWORD_UNACCEPTABLE', { reason: 'password-rules', errors: [{ field, message }] });
}

function contextWords(productName: string, { name, email }: PasswordOwner): WordSet {
  const [localPart = '', domain = ''] = email.toLowerCase().split('@');
  const words = [productName, name, localPart, domain, domain.split('.')[0] ?? '']
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u), text.replace(/[^\p{L}\p{N}]+/gu, '')])
    .map((word) => word.normalize('NFKC').toLowerCase())
    .filter((word) => word.length >= shortestContextWord);
  return toWordSet(words);
}
