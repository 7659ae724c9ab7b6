import { combineServers, parseInfo, readServer } from './redis-server';

const REDIS = [
  '# Server',
  'redis_version:7.0.15',
  'redis_mode:standalone',
  'executable:/usr/bin/redis-server',
  '# Memory',
  'used_memory:1048576',
  'maxmemory:2097152',
  'maxmemory_policy:volatile-lru',
  '# Persistence',
  'rdb_last_bgsave_status:ok',
  'aof_enabled:1',
  'aof_last_write_status:ok',
  '# Replication',
  'role:master',
  'connected_slaves:2',
  '# Cluster',
  'cluster_enabled:0',
];

function serverOf(...lines: string[]) {
  return readServer(parseInfo(lines.join('\r\n')));
}

describe('the description of a server', () => {
  it('is read from the sections of INFO', () => {
    expect(serverOf(...REDIS)).toEqual({
      software: 'redis',
      version: '7.0.15',
      isClusterNode: false,
      role: 'master',
      connectedReplicas: 2,
      usedMemoryBytes: 1_048_576,
      maxMemoryBytes: 2_097_152,
      evictionPolicy: 'volatile-lru',
      appendOnlyFile: true,
      isPersistenceFailing: false,
    });
  });

  it('recognises Valkey by its own version, not by the Redis version that it is compatible with', () => {
    expect(
      serverOf('redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.3'),
    ).toMatchObject({ software: 'valkey', version: '8.1.3' });
  });

  it.each([
    ['by the mode of Redis', 'redis_mode:cluster'],
    ['by the mode of Valkey', 'server_mode:cluster'],
    ['by the section for it', 'cluster_enabled:1'],
  ])('recognises a node of a cluster %s', (_how, line) => {
    expect(serverOf(line).isClusterNode).toBe(true);
  });

  it('recognises a replica', () => {
    expect(serverOf('role:slave').role).toBe('replica');
  });

  it.each(['rdb_last_bgsave_status:err', 'aof_last_write_status:err'])(
    'recognises a failing disk: %s',
    (line) => {
      expect(serverOf(line).isPersistenceFailing).toBe(true);
    },
  );

  it('has neutral values where the server hides INFO', () => {
    expect(serverOf()).toEqual({
      software: 'redis',
      version: 'unknown',
      isClusterNode: false,
      role: 'master',
      connectedReplicas: 0,
      usedMemoryBytes: 0,
      maxMemoryBytes: 0,
      evictionPolicy: 'unknown',
      appendOnlyFile: false,
      isPersistenceFailing: false,
    });
  });
});

describe('the report about all masters of a Cluster', () => {
  const calm = serverOf(
    ...REDIS.filter((line) => !line.startsWith('maxmemory_policy')),
    'maxmemory_policy:noeviction',
  );

  it('adds up what they use, and shows what needs attention on one of them', () => {
    const other = { ...calm, evictionPolicy: 'allkeys-lru', isPersistenceFailing: true };
    expect(combineServers([calm, other, { ...calm, appendOnlyFile: false }])).toMatchObject({
      usedMemoryBytes: 3 * calm.usedMemoryBytes,
      maxMemoryBytes: 3 * calm.maxMemoryBytes,
      connectedReplicas: 3 * calm.connectedReplicas,
      evictionPolicy: 'allkeys-lru',
      isPersistenceFailing: true,
      appendOnlyFile: false,
    });
  });

  it('has no limit of memory where one of them has none', () => {
    expect(combineServers([calm, { ...calm, maxMemoryBytes: 0 }]).maxMemoryBytes).toBe(0);
  });
});
