import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { RedisKeys } from '../../libs/redis';
import { newEmail, PASSWORD } from '../support/app';
import { HttpClient } from '../support/http-client';
import { Faults } from './faults';
import type { RedisNode } from './redis-node';
import { useCluster } from './scenario';

const USERS = 30;
/** Rounds of reads, each of all users on both instances, after the replica has taken over. */
const ROUNDS_AFTER = 10;

/** Statuses of reads, and how often each occurred. */
type Statuses = Record<number, number>;

/** Reads of users whose partition the killed master had, and of all others. */
interface Reads {
  own: Statuses;
  others: Statuses;
}

describe('while a replica takes over for a killed master of a Redis Cluster', () => {
  const cluster = useCluster({ shards: true, ownPostgres: true });
  let people: AuthResultDto[];
  let http: HttpClient[];

  beforeAll(async () => {
    http = cluster().instances.map(({ origin }) => new HttpClient(origin));
    people = await Promise.all(
      Array.from({ length: USERS }, async () => {
        const json = { email: newEmail(), password: PASSWORD };
        return (await http[0]!.post<AuthResultDto>('/api/auth/register', { json })).body;
      }),
    );
    await readAll({ own: {}, others: {} }, []);
  });

  async function readAll(reads: Reads, partitions: readonly number[]): Promise<void> {
    for (const { accessToken: token, user } of people) {
      const isOwn = partitions.includes(RedisKeys.cluster.partitionOf(user.id));
      for (const client of http) {
        const { status } = await client.get('/api/auth/verify', { token });
        const counts = isOwn ? reads.own : reads.others;
        counts[status] = (counts[status] ?? 0) + 1;
      }
    }
  }

  /** Kills the master of the first user, and reads until a replica has taken over, and for a while. */
  async function readDuringFailover(): Promise<{ reads: Reads; killed: RedisNode }> {
    const { shards } = cluster();
    const reads: Reads = { own: {}, others: {} };
    const killed = await shards.masterOf(RedisKeys.cluster.partitionOf(people[0]!.user.id));
    const partitions = await shards.partitionsOf(killed);
    await new Faults(cluster()).ofServers(() => killed.kill());
    const isReplaced = async () => (await shards.shards()).every(({ master }) => master !== killed);
    while (!(await isReplaced())) {
      await readAll(reads, partitions);
    }
    for (let round = 0; round < ROUNDS_AFTER; round += 1) {
      await readAll(reads, partitions);
    }
    process.stdout.write(`reads by status: ${JSON.stringify(reads)}\n`);
    return { reads, killed };
  }

  async function bringBack(killed: RedisNode): Promise<void> {
    await killed.startEmpty();
    await cluster().shards.healthy();
    await cluster().settled();
  }

  it('no read fails: Postgres answers for the users concerned', async () => {
    const { reads, killed } = await readDuringFailover();
    expect(Object.keys(reads.others)).toEqual(['200']);
    expect(Object.keys(reads.own)).toEqual(['200']);
    await bringBack(killed);
  });

  it('without Postgres only reads of the users concerned are refused, by 503', async () => {
    const faults = new Faults(cluster());
    faults.cutPostgres();
    const { reads, killed } = await readDuringFailover();
    expect(Object.keys(reads.others)).toEqual(['200']);
    expect(Object.keys(reads.own)).toEqual(['503']);
    faults.restorePostgres();
    await bringBack(killed);
    const after: Reads = { own: {}, others: {} };
    await readAll(after, []);
    expect(after.others).toEqual({ 200: USERS * http.length });
  });
});
