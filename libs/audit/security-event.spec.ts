import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECURITY_EVENT_LEVELS } from './security-event';

describe('the catalogue of security events', () => {
  it('is what docs/security-events.md says, with levels', () => {
    const page = readFileSync(join(__dirname, '../../docs/security-events.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` +\|[^|]+\| `(info|warn)` +\|/gm)];
    const documented: Record<string, string> = Object.fromEntries(
      rows.map(([, name = '', level = '']) => [name, level]),
    );
    expect(documented).toEqual(SECURITY_EVENT_LEVELS);
  });
});
