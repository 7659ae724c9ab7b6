import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { newEmail, PASSWORD } from '../support/app';
import { sessionField } from '../support/stored-session';
import { isTurnOf } from '../support/long-tests';
import { until } from '../support/until';
import type { Cluster } from './cluster';
import { BUG_GROUPS } from './find-bugs';
import { send } from './load/send';
import { useCluster } from './scenario';
import { keys } from '../support/keys';

/** Shorter than the stall. */
const env = { BLACKLIST_TTL: '2s' };

/** The state after the late write of an instance that was stopped after its read, until the session had ended. */
interface Aftermath {
  isKnown: boolean;
  /** The answer of another instance to its token. */
  status: number;
}

/** Kills the instance when its write has arrived, so that it cannot correct it. */
async function afterLateWrite(cluster: Cluster): Promise<Aftermath> {
  const [stalled, other] = [cluster.instance('a'), cluster.instance('b')];
  const { client } = cluster.redis;
  const json = { email: newEmail(), password: PASSWORD };
  const path = '/api/auth/register';
  const registered = await send(other.origin, { method: 'POST', path, json });
  const { accessToken: token, user, session } = registered.body as AuthResultDto;
  const field = sessionField(session.id);
  const isInRedis = async () => (await client.hexists(keys.sessions(user.id), field)) === 1;
  const verify = () => send(other.origin, { method: 'GET', path: '/api/auth/verify', token });
  // Redis has the script then: a stopped process cannot send it.
  await until(
    'the token is accepted and Redis has the session',
    async () => [(await verify()).status, await isInRedis()],
    [200, true],
  );
  // So that the record is read, and the session put back.
  await client.del(keys.sessions(user.id), keys.index(user.id));

  const [wire] = cluster.redisWires(['a']);
  const isOpening = (chunk: string) =>
    chunk.includes(session.id) && chunk.includes(keys.checkpoint(0));
  const late = wire!.holdNext(isOpening, () => process.kill(stalled.pid!, 'SIGSTOP'));
  const unanswered = send(stalled.origin, { method: 'GET', path: '/api/auth/verify', token });
  await late.arrived;

  const logout = await send(other.origin, { method: 'POST', path: '/api/auth/logout', token });
  expect(logout.status).toBe(204);
  const tombstone = keys.tombstone(user.id, session.id);
  expect(await client.exists(tombstone)).toBe(1);
  await until('the tombstone expires', () => client.exists(tombstone), 0);
  await late.release();
  await stalled.kill();
  await unanswered;

  const isKnown = await isInRedis();
  return { isKnown, status: (await verify()).status };
}

describe('an instance that is stopped after it has read a session, and is killed', () => {
  const cluster = useCluster({ env });

  it('does not restore the session that was logged out meanwhile', async () => {
    expect(await afterLateWrite(cluster())).toEqual({ isKnown: false, status: 401 });
  });
});

if (isTurnOf(BUG_GROUPS.stalls, BUG_GROUPS.all)) {
  describe('an instance whose writes have no deadline', () => {
    const cluster = useCluster({ env, bug: 'endless-writes' });

    it('restores it, which the checker finds', async () => {
      expect(await afterLateWrite(cluster())).toEqual({ isKnown: true, status: 200 });
    });
  });
}
