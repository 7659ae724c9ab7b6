import { createRequire } from 'node:module';
import { LatchkeyVerifierModule, SessionGuard } from '@latchkey/verifier/nest';
import { decorate } from './decorate.mjs';
import { isActive, issuer } from './issuer.mjs';
import { profileOf } from './users.mjs';

/** A route of Nest on Fastify, with the check that CHECK names. */

// The adapter imports the Nest of the checkout. Another copy of the same version has other injection tokens.
const require = createRequire(new URL('../../package.json', import.meta.url));
const { Controller, Get, Module, UnauthorizedException, UseGuards } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FastifyAdapter } = require('@nestjs/platform-fastify');

const PROFILE = profileOf(0);

class IntrospectionGuard {
  async canActivate(context) {
    if (!(await isActive(context.switchToHttp().getRequest().headers.authorization))) {
      throw new UnauthorizedException();
    }
    return true;
  }
}

const checks = {
  bare: () => ({ imports: [], guards: [] }),
  verifier: () => ({ imports: [LatchkeyVerifierModule.forRoot(issuer)], guards: [SessionGuard] }),
  introspection: () => ({ imports: [], guards: [IntrospectionGuard] }),
};
const { imports, guards } = checks[process.env.CHECK]();

class ProfileController {
  read() {
    return PROFILE;
  }
}
decorate([Get('profile')], ProfileController.prototype, 'read');
decorate([UseGuards(...guards), Controller('api/auth')], ProfileController);

class AppModule {}
decorate([Module({ imports, controllers: [ProfileController] })], AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter());
await app.listen(Number(process.env.PORT), '127.0.0.1');
