/**
 * @returns undefined for a text that is no URL. Not by `URL.canParse`: once optimized, it refuses text outside of
 * ASCII in Node 20 and 22.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
