import { RedisKeys } from '../../libs/redis';

/** The keys on a single server, as tests have one. */
export const keys = RedisKeys.single;
