import { Module } from '@nestjs/common';
import { HealthApiModule } from '../health/health-api.module';
import { HomeController } from './home.controller';

/** The page for people. Imported only where Swagger UI is served too (`DOCS`). */
@Module({ imports: [HealthApiModule], controllers: [HomeController] })
export class HomeModule {}
