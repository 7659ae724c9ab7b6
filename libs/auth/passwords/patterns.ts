/** Neighbouring characters here form a step, forwards or backwards. */
const ROWS = [
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
];

const STEPS = new Set(
  ROWS.flatMap((row) =>
    Array.from(row)
      .slice(1)
      .map((to, at) => `${row[at]}${to}`),
  ),
);
const MIN_RUN_LENGTH = 3;

/**
 * The shortest text whose repetition yields this one; the last repetition may be incomplete. The text itself if it does
 * not repeat.
 */
export function repeatedUnit(text: string): string {
  const characters = Array.from(text);
  for (let length = 1; length * 2 <= characters.length; length++) {
    if (characters.every((one, at) => at < length || one === characters[at - length])) {
      return characters.slice(0, length).join('');
    }
  }
  return text;
}

/**
 * Whether the text consists of runs of three characters or more, each of the same character or of steps in the
 * alphabet, in counting or on a keyboard: `abcd1234`, `aaaabbbb`, `9876poiu`.
 */
export function isSequence(text: string): boolean {
  const characters = Array.from(text);
  for (let at = 0; at < characters.length;) {
    const length = runLength(characters, at);
    if (length < MIN_RUN_LENGTH) {
      return false;
    }
    at += length;
  }
  return characters.length > 0;
}

function runLength(characters: readonly string[], start: number): number {
  const direction = stepOf(characters[start], characters[start + 1]);
  let end = start + 1;
  while (direction !== null && stepOf(characters[end - 1], characters[end]) === direction) {
    end += 1;
  }
  return end - start;
}

function stepOf(from = '', to = ''): 'none' | 'forwards' | 'backwards' | null {
  if (to === '') {
    return null;
  }
  if (from === to) {
    return 'none';
  }
  if (STEPS.has(from + to)) {
    return 'forwards';
  }
  return STEPS.has(to + from) ? 'backwards' : null;
}
