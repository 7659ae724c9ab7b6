import { NestFactory } from '@nestjs/core';
import { appModule } from './nest-passport.mjs';

/** Nest on Express, its default, with the secret as a string, as in most applications. */
const app = await NestFactory.create(appModule(process.env.JWT_SECRET));
await app.listen(Number(process.env.PORT), '127.0.0.1');
