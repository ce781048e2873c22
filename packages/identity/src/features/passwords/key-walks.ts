/** Neighbours on keyboards and in the alphabet, in both directions. */
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

/** Where keys are on a keyboard of the American layout: each row begins further to the right. */
const places = new Map<string, readonly [column: number, row: number]>(
  [
    { keys: '`1234567890-=', shifted: '~!@#$%^&*()_+', offset: -1 },
    { keys: 'qwertyuiop[]', shifted: '{}', offset: 0.5 },
    { keys: "asdfghjkl;'", shifted: ':"', offset: 0.75 },
    { keys: 'zxcvbnm,./', shifted: '<>?', offset: 1.25 },
  ].flatMap(({ keys, shifted, offset }, row) =>
    [keys, shifted.padStart(keys.length)].flatMap((line) =>
      [...line].flatMap((key, column) => (key === ' ' ? [] : [[key, [column + offset, row]] as const])),
    ),
  ),
);

/** Shorter runs and walks are in words, such as `were` and `tree`. */
export const shortestWalk = 4;

/** How many characters from here follow each other in the alphabet, among the digits or along a row of keys. */
export function runLengthAt(characters: readonly string[], index: number): number {
  let longest = 1;
  for (const run of runs) {
    const start = run.indexOf(characters[index] ?? '');
    if (start === -1) continue;
    let length = 1;
    while (index + length < characters.length && characters[index + length] === run[start + length]) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** A walk from key to neighbouring key. */
export interface KeyWalk {
  readonly length: number;
  /** Changes of direction up to the end of each length; there are none up to the second key. */
  readonly turns: readonly number[];
}

/** The longest walk over the keyboard from here: each key is a neighbour of the one before. */
export function keyWalkAt(characters: readonly string[], index: number): KeyWalk {
  const turns = [0];
  let direction: string | undefined;
  let at = places.get(characters[index] ?? '');
  while (at !== undefined) {
    const next = places.get(characters[index + turns.length] ?? '');
    if (next === undefined) break;
    const [across, down] = [next[0] - at[0], next[1] - at[1]];
    const isNeighbour = down === 0 ? Math.abs(across) === 1 : Math.abs(down) === 1 && Math.abs(across) < 1;
    if (!isNeighbour) break;
    const taken = `${Math.sign(across)} ${down}`;
    turns.push((turns.at(-1) ?? 0) + (direction === undefined || direction === taken ? 0 : 1));
    direction = taken;
    at = next;
  }
  return { length: turns.length, turns };
}
