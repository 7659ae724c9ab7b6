import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { decorate } from './decorate.mjs';
import { profileOf } from './users.mjs';

/** The minimum of the framework: a public route of Nest on Fastify. */

const PROFILE = profileOf(0);

class ProfileController {
  read() {
    return PROFILE;
  }
}
decorate([Get('profile')], ProfileController.prototype, 'read');
decorate([Controller('api/auth')], ProfileController);

class AppModule {}
decorate([Module({ controllers: [ProfileController] })], AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter());
await app.listen(Number(process.env.PORT), '127.0.0.1');
