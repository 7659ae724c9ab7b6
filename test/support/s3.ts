import S3rver from 's3rver';
import { newFolder } from './stores';

export interface TestS3 {
  /** Environment variables that make the product use it. */
  env: Record<string, string>;
  port: number;
  stop(): Promise<void>;
}

/** An S3-compatible server on a free port, with one empty bucket. */
export async function startTestS3(): Promise<TestS3> {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: newFolder('s3-'),
    configureBuckets: [{ name: 'avatars', configs: [] }],
  });
  const { port } = await server.run();
  return {
    port,
    env: {
      AVATAR_S3_BUCKET: 'avatars',
      AVATAR_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      AVATAR_S3_ACCESS_KEY_ID: 'S3RVER',
      AVATAR_S3_SECRET_ACCESS_KEY: 'S3RVER',
    },
    stop: () => server.close(),
  };
}
