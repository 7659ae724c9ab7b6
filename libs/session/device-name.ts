import bowser from 'bowser';
import { LRUCache } from 'lru-cache';

const UNKNOWN = 'Unknown device';
const MAX_LENGTH = 40;

const BROWSERS = new Set(Object.values(bowser.BROWSER_MAP));
const SYSTEMS = new Set(Object.values(bowser.OS_MAP));

/** Characters that terminals and pages must not show: controls, direction marks, invisible characters. */
const UNSHOWABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Recent names. Parsing one takes 0.1 ms, and a page of sessions shows up to 200, so that one account could block the
 * event loop with its list.
 */
const names = new LRUCache<string, string>({ max: 1_000 });

/**
 * A readable name of a user agent, of 1 to 40 characters: `Firefox on macOS`. For an unknown browser it is the first
 * product, which is the most significant one (RFC 9110 section 10.1.5); unknown parts are omitted.
 */
export function deviceName(userAgent: string | null): string {
  if (!userAgent) {
    return UNKNOWN;
  }
  const known = names.get(userAgent);
  if (known !== undefined) {
    return known;
  }
  const name = nameOf(userAgent);
  names.set(userAgent, name);
  return name;
}

function nameOf(userAgent: string): string {
  const { browser, os } = bowser.parse(userAgent);
  const program = oneOf(browser.name, BROWSERS) ?? productOf(userAgent);
  const system = oneOf(os.name, SYSTEMS);
  if (program && system) {
    return shortened(`${program} on ${system}`);
  }
  return shortened(program ?? system ?? UNKNOWN);
}

/** For other programs the library returns the text before the last version as the name. */
function oneOf(name: string | undefined, names: ReadonlySet<string>): string | null {
  return name !== undefined && names.has(name) ? name : null;
}

function productOf(userAgent: string): string | null {
  const [product = ''] = userAgent.replace(UNSHOWABLE, '').split(/[/(;,]/);
  return shortened(product) || null;
}

function shortened(text: string): string {
  let name = '';
  for (const character of text.replace(/\s+/g, ' ').trim()) {
    if (name.length + character.length > MAX_LENGTH) {
      break;
    }
    name += character;
  }
  return name.trim();
}
