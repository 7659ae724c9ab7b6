import { Module } from '@nestjs/common';
import { AdminController } from './admin.controller';

/** What administrators do to accounts and sessions. */
@Module({ controllers: [AdminController] })
export class AdminApiModule {}
