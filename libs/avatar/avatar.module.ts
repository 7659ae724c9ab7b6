import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ClockModule } from '#libs/common';
import { AvatarEncoder } from './avatar-encoder';
import { AvatarOrphans } from './avatar-orphans';
import { AvatarOptions } from './avatar.options';
import { AvatarService } from './avatar.service';
import { AvatarStorage } from './storage/avatar-storage';
import { DiskAvatarStorage } from './storage/disk-avatar.storage';
import { S3AvatarStorage } from './storage/s3-avatar.storage';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<AvatarOptions>()
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/** Avatars, for any Nest application that has `CacheModule`. `imports` of `forRootAsync` must provide a `UserStore`. */
@Module({
  imports: [ClockModule],
  providers: [
    { provide: AvatarOptions, useExisting: MODULE_OPTIONS_TOKEN },
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
})
export class AvatarModule extends ConfigurableModuleClass {}
