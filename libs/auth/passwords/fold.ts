/** Signs that stand for letters; `1` and `!` stand for two letters, or for themselves. */
const LOOKALIKES: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  '5': 's',
  $: 's',
  '7': 't',
};

/** For comparing passwords and words, never for storing: ignores case and width. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** The folded text, and its readings with letters in place of signs. */
export function readingsOf(folded: string): string[] {
  const letters = folded.replace(/[@4305$7]/g, (sign) => LOOKALIKES[sign] ?? sign);
  const ones = ['i', 'l'].map((letter) => letters.replace(/[1!]/g, letter));
  return [...new Set([folded, letters, ...ones])];
}
