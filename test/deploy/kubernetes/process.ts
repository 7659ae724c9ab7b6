import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSettings, type Settings } from '../../../libs/config';
import { ROOT } from '../../../tools/local/paths.mjs';
import { all, parseDockerfile, stagesOf } from '../image/dockerfile';
import { settingsOf, type KubeObject } from './objects';

/** Instructions of the stage that is shipped. */
export const shipped = stagesOf(parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))).at(
  -1,
)!;
const image = Object.assign({}, ...all(shipped, 'ENV').map(({ values }) => values)) as Record<
  string,
  string
>;
/** The one folder to which the image writes. */
export const [avatarVolume] = all(shipped, 'VOLUME');

/** The settings with which the process starts, with secrets in place of those that the manifests refer to. */
export function settingsIn(objects: readonly KubeObject[]): Settings {
  const random = () => randomBytes(32).toString('hex');
  // The files of certificates are not here: `expectVolumes` checks where they are.
  const settings = Object.fromEntries(
    Object.entries(settingsOf(objects)).filter(([name]) => !name.endsWith('_FILE')),
  );
  return parseSettings({
    ...image,
    DATABASE_URL: `postgres://latchkey:${random()}@postgres/latchkey`,
    REDIS_URL: `redis://:${random()}@redis`,
    ...(settings.JWT_KEYS_DIR === undefined && { JWT_SECRET: random() }),
    ...settings,
  });
}
