import type { Settings } from './settings';

/**
 * The log format when the settings are invalid as a whole: LOG_FORMAT, else the default. Call it after `loadSettings`,
 * which has read `.env`.
 */
export function logFormatOf(): Settings['logFormat'] {
  const { LOG_FORMAT, NODE_ENV } = process.env;
  if (LOG_FORMAT === 'json' || LOG_FORMAT === 'pretty') {
    return LOG_FORMAT;
  }
  return NODE_ENV === 'production' ? 'json' : 'pretty';
}
