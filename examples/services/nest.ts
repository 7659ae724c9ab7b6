import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { VerifiedSession } from '@latchkey/verifier';
import {
  CurrentSession,
  LatchkeyVerifierModule,
  SessionGuard,
  SessionSockets,
} from '@latchkey/verifier/nest';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { latchkey, port } from './settings.js';

@UseGuards(SessionGuard)
@Controller('orders')
class OrdersController {
  @Get()
  list(@CurrentSession() { userId }: VerifiedSession) {
    return { service: 'Nest', ordersOf: userId };
  }
}

/** The socket is closed with 4401 when its session ends. */
@UseGuards(SessionGuard)
@WebSocketGateway()
class OrdersGateway implements OnGatewayConnection {
  constructor(private readonly sockets: SessionSockets) {}

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    await this.sockets.admit(socket, request);
  }

  @SubscribeMessage('orders')
  orders(@CurrentSession() { userId }: VerifiedSession) {
    return { event: 'orders', data: { service: 'Nest', ordersOf: userId } };
  }
}

@Module({
  imports: [LatchkeyVerifierModule.forRoot(latchkey)],
  controllers: [OrdersController],
  providers: [OrdersGateway],
})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['error', 'warn'],
});
app.useWebSocketAdapter(new WsAdapter(app));
app.enableShutdownHooks();
await app.listen(port, '127.0.0.1');
