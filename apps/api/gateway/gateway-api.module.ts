import { Module } from '@nestjs/common';
import { GatewayController } from './gateway.controller';
import { JwksController } from './jwks.controller';

/** Routes for gateways and services: verify, introspect, public keys. */
@Module({ controllers: [GatewayController, JwksController] })
export class GatewayApiModule {}
