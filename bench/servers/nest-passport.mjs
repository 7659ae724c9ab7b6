import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Injectable, Module, Post, Req, UseGuards } from '@nestjs/common';
import { UnauthorizedException } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Redis } from 'ioredis';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { decorate, injects, param } from './decorate.mjs';
import { profileOf } from './users.mjs';

/** Nest with sign-in and guard as in its documentation; one GET for the session, one for the profile. */

const DAY_SECONDS = 24 * 60 * 60;
const HALF_HOUR_SECONDS = 30 * 60;

const sessionKey = (user, session) => `session:${user}:${session}`;
const profileKey = (user) => `user:profile:${user}`;

class ProfileService {
  constructor(redis) {
    this.redis = redis;
  }

  async cache(profile) {
    const text = JSON.stringify(profile);
    await this.redis.set(profileKey(profile.id), text, 'EX', HALF_HOUR_SECONDS);
  }

  async find(userId) {
    return JSON.parse(await this.redis.get(profileKey(userId)));
  }
}
decorate([Injectable(), injects(Redis)], ProfileService);

class AuthService {
  constructor(jwt, redis) {
    this.jwt = jwt;
    this.redis = redis;
  }

  async signIn(userId) {
    const sid = randomUUID();
    await this.redis.set(sessionKey(userId, sid), '1', 'EX', DAY_SECONDS);
    return { accessToken: await this.jwt.signAsync({ sub: userId, sid }) };
  }
}
decorate([Injectable(), injects(JwtService, Redis)], AuthService);

class AuthController {
  constructor(auth, profiles) {
    this.auth = auth;
    this.profiles = profiles;
  }

  async login({ user }) {
    const profile = profileOf(user);
    await this.profiles.cache(profile);
    return this.auth.signIn(profile.id);
  }

  async profile(request) {
    return this.profiles.find(request.user.userId);
  }
}
decorate([Post('login'), param(0, Body())], AuthController.prototype, 'login');
decorate(
  [UseGuards(AuthGuard('jwt')), Get('profile'), param(0, Req())],
  AuthController.prototype,
  'profile',
);
decorate([Controller('api/auth'), injects(AuthService, ProfileService)], AuthController);

/** @param {string | import('node:crypto').KeyObject} secret */
export function appModule(secret) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor(redis) {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        ignoreExpiration: false,
        secretOrKey: secret,
      });
      this.redis = redis;
    }

    async validate({ sub, sid }) {
      if ((await this.redis.get(sessionKey(sub, sid))) === null) {
        throw new UnauthorizedException();
      }
      return { userId: sub };
    }
  }
  decorate([Injectable(), injects(Redis)], JwtStrategy);

  class AppModule {}
  const redis = { provide: Redis, useFactory: () => new Redis(process.env.REDIS_URL) };
  decorate(
    [
      Module({
        imports: [
          PassportModule,
          JwtModule.register({ secret, signOptions: { expiresIn: '24h' } }),
        ],
        controllers: [AuthController],
        providers: [redis, ProfileService, AuthService, JwtStrategy],
      }),
    ],
    AppModule,
  );
  return AppModule;
}
