import type { CacheDefinition, Versioned } from './cache-definition';
import { EntryCodec } from './entry-codec';

interface Badge extends Versioned {
  owner: { name: string; title: string | null };
  permissions: readonly string[];
}

const ALLOWED: CacheDefinition<Badge>['allowed'] = {
  owner: ['name', 'title'],
  permissions: 'whole',
};

const badge: Badge = {
  version: 12,
  owner: { name: 'Ada: Countess', title: null },
  permissions: ['read', 'write'],
};

describe('cached entries', () => {
  const codec = new EntryCodec<Badge>({ format: '1', allowed: ALLOWED });

  it('are decoded as they were encoded, frozen', () => {
    const decoded = codec.decode(`3:12:${codec.encode(badge)}`, '3');
    expect(decoded).toEqual(badge);
    expect([decoded, decoded?.owner, decoded?.permissions].every(Object.isFrozen)).toBe(true);
  });

  it('drop every field that is not allowed', () => {
    const owner = { ...badge.owner, passwordHash: '$argon2id$secret' };
    const leaky = { ...badge, owner, recoveryCodes: ['secret'] };
    expect(codec.encode(leaky)).toBe(codec.encode(badge));
  });

  it('hold values alone, in the order of the allow-list', () => {
    expect(codec.encode(badge)).toBe('1["Ada: Countess",null,["read","write"]]');
  });

  it('decode a fence, a lease and an absent entry as nothing', () => {
    for (const text of ['3:12:', '3:12:~lease', '3:0:~1', null]) {
      expect(codec.decode(text, '3')).toBeNull();
    }
  });

  it('decode an entry of another epoch, or of another format, as nothing', () => {
    for (const epoch of ['2', '31', '']) {
      expect(codec.decode(`3:12:${codec.encode(badge)}`, epoch)).toBeNull();
    }
    const next = new EntryCodec<Badge>({ format: '2', allowed: ALLOWED });
    expect(codec.decode(`3:12:${next.encode(badge)}`, '3')).toBeNull();
  });
});
