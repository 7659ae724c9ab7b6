import { Module } from '@nestjs/common';
import { AdminController } from './admin.controller';

/** Administration of accounts and sessions. */
@Module({ controllers: [AdminController] })
export class AdminApiModule {}
