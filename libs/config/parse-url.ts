/**
 * @returns undefined for a text that is no URL. Does not use `URL.canParse`: once optimized, it refuses non-ASCII text
 * in Node 20 and 22.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
