import { Module } from '@nestjs/common';
import { LifecycleModule } from '../lifecycle/lifecycle.module';
import { GatewayController } from './gateway.controller';
import { JwksController } from './jwks.controller';
import { MetadataController } from './metadata.controller';
import { RevocationStreams } from './revocation-streams';
import { RevocationsController } from './revocations.controller';
import { SecurityTxtController } from './security-txt.controller';
import { SessionAttributesController } from './session-attributes.controller';

/** Routes for gateways and services: verify, introspect, public keys, the stream of revocations. */
@Module({
  imports: [LifecycleModule],
  controllers: [
    GatewayController,
    JwksController,
    MetadataController,
    RevocationsController,
    SecurityTxtController,
    SessionAttributesController,
  ],
  providers: [RevocationStreams],
})
export class GatewayApiModule {}
