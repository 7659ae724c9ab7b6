import { DiskAvatarStorage } from '../../libs/avatar/storage/disk-avatar.storage';
import { S3AvatarStorage } from '../../libs/avatar/storage/s3-avatar.storage';
import { UserStore } from '../../libs/user';
import { startTestApp } from '../support/app';
import { startTestS3 } from '../support/s3';
import { newFolder } from '../support/stores';
import { avatarStorageContract } from './avatar-storage.contract';
import { userStoreContract } from './user-store.contract';

userStoreContract('the store of Latchkey', async () => {
  const app = await startTestApp();
  return { store: app.nest.get(UserStore), close: () => app.close() };
});

avatarStorageContract('a directory', () =>
  Promise.resolve({
    storage: new DiskAvatarStorage(newFolder('avatars-')),
    close: () => Promise.resolve(),
  }),
);

avatarStorageContract('a bucket', async () => {
  const s3 = await startTestS3();
  const { AVATAR_S3_ENDPOINT: endpoint, AVATAR_S3_BUCKET: bucket } = s3.env;
  const storage = await S3AvatarStorage.create({
    bucket: bucket!,
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });
  return {
    storage,
    close: async () => {
      storage.onApplicationShutdown();
      await s3.stop();
    },
  };
});
