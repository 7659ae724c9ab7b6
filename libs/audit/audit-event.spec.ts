import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENT_LEVELS } from './audit-event';

describe('the catalogue of audit events', () => {
  it('matches docs/audit-events.md, with levels', () => {
    const page = readFileSync(join(__dirname, '../../docs/audit-events.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` +\|[^|]+\| `(info|warn)` +\|/gm)];
    const documented: Record<string, string> = Object.fromEntries(
      rows.map(([, name = '', level = '']) => [name, level]),
    );
    expect(documented).toEqual(AUDIT_EVENT_LEVELS);
  });
});
