import type { Settings } from './settings';

/**
 * How to write to the log where the settings as a whole could not be read: as LOG_FORMAT says, else by
 * the default. To be called after `loadSettings`, which has read `.env`.
 */
export function logFormatOf(): Settings['logFormat'] {
  const { LOG_FORMAT, NODE_ENV } = process.env;
  if (LOG_FORMAT === 'json' || LOG_FORMAT === 'pretty') {
    return LOG_FORMAT;
  }
  return NODE_ENV === 'production' ? 'json' : 'pretty';
}
