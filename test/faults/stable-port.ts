import { randomInt } from 'node:crypto';
import { portIsTaken } from '../../tools/local/ports.mjs';

/** Below the ports that systems assign. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A port that no other process gets while the server on it is down. */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!(await portIsTaken(port, '127.0.0.1'))) {
      return port;
    }
  }
}
