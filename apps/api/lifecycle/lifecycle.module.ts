import { Module } from '@nestjs/common';
import { UnreadBodies } from '../http/unread-bodies';
import { HttpTraffic } from './http-traffic';

/** The connections and requests in flight, for the shutdown. */
@Module({ providers: [HttpTraffic, UnreadBodies], exports: [HttpTraffic, UnreadBodies] })
export class LifecycleModule {}
