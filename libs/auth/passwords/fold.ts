/** Signs that people write for letters; `1` and `!` stand for two, or for themselves. */
const LOOKALIKES: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '0': 'o',
  '5': 's',
  $: 's',
  '7': 't',
};

/** For comparing passwords and words, never for storing: case and width do not matter. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** The folded text, and as it reads with the letters that its signs may stand for. */
export function readingsOf(folded: string): string[] {
  const letters = folded.replace(/[@4305$7]/g, (sign) => LOOKALIKES[sign] ?? sign);
  const ones = ['i', 'l'].map((letter) => letters.replace(/[1!]/g, letter));
  return [...new Set([folded, letters, ...ones])];
}
