import { createSecretKey } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { appModule } from './nest-passport.mjs';

/** Nest on Fastify, with the secret as a KeyObject, so that it is not parsed for each token. */
const secret = createSecretKey(process.env.JWT_SECRET, 'utf8');
const app = await NestFactory.create(appModule(secret), new FastifyAdapter());
await app.listen(Number(process.env.PORT), '127.0.0.1');
