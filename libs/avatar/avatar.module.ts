import { Module, type DynamicModule } from '@nestjs/common';
import { ClockModule, type OptionsFactory } from '#libs/common';
import { AvatarEncoder } from './avatar-encoder';
import { AvatarOrphans } from './avatar-orphans';
import { AvatarOptions } from './avatar.options';
import { AvatarService } from './avatar.service';
import { AvatarStorage } from './storage/avatar-storage';
import { DiskAvatarStorage } from './storage/disk-avatar.storage';
import { S3AvatarStorage } from './storage/s3-avatar.storage';

/** `imports` must bring a `UserStore`. */
export type AvatarModuleOptions = OptionsFactory<AvatarOptions>;

/** Pictures of users, for any Nest application that has `ProfileCacheModule`. */
@Module({})
export class AvatarModule {
  static forRootAsync(options: AvatarModuleOptions): DynamicModule {
    return {
      module: AvatarModule,
      global: true,
      imports: [ClockModule, ...(options.imports ?? [])],
      providers: [
        {
          provide: AvatarOptions,
          inject: options.inject ?? [],
          useFactory: options.useFactory,
        },
        {
          provide: AvatarStorage,
          inject: [AvatarOptions],
          useFactory: ({ storage }: AvatarOptions) =>
            's3' in storage
              ? S3AvatarStorage.create(storage.s3)
              : new DiskAvatarStorage(storage.directory),
        },
        AvatarEncoder,
        AvatarService,
        AvatarOrphans,
      ],
      exports: [AvatarService, AvatarOrphans],
    };
  }
}
