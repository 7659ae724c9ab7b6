import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  Injectable,
  Logger,
  NotFoundException,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { endedWithin, parseIpAddress } from '#libs/common';
import { Settings } from '#libs/config';
import { describe } from '#libs/http';
import { Metrics } from '#libs/metrics';
import { MethodNotAllowedError } from '../http/allowed-methods';
import { answerHeaders } from '../http/browser-security';
import { answerClientError } from '../http/client-error';
import { requestIdOf } from '../http/request-id';
import { MetricsAccess } from './metrics-access';

const METHODS = ['GET', 'HEAD'];
/** Milliseconds that a client has to send its request. */
const REQUEST_TIMEOUT_MS = 5000;
/** Milliseconds that answers in progress have at shutdown. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Serves `/metrics`, and no other path, at `METRICS_PORT`: from the start of the application until its requests are
 * finished.
 */
@Injectable()
export class MetricsListener implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Metrics');
  private readonly server: Server;
  private readonly headers: Record<string, string>;

  constructor(
    private readonly settings: Settings,
    private readonly metrics: Metrics,
    private readonly access: MetricsAccess,
  ) {
    const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
    this.headers = answerHeaders(settings.hstsSeconds);
    this.server = createServer(limits, (request, response) => void this.answer(request, response));
    this.server.on('clientError', (error, socket) => {
      answerClientError(error, socket as Socket, this.headers);
    });
  }

  /** @throws Error of the system if the port is not available; the start fails. */
  async onApplicationBootstrap(): Promise<void> {
    this.server.listen(this.settings.metricsPort, this.settings.host);
    await once(this.server, 'listening');
    const address = this.server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    this.logger.log(`metrics are served on port ${port ?? 'unknown'}`);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.server.listening) {
      return;
    }
    const closed = once(this.server, 'close');
    this.server.close();
    await endedWithin(closed, CLOSE_TIMEOUT_MS);
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = requestIdOf(request);
    response.setHeaders(new Map(Object.entries({ ...this.headers, 'x-request-id': requestId })));
    try {
      this.access.check(parseIpAddress(request.socket.remoteAddress));
      checkTarget(request, response);
      const text = await this.metrics.text();
      response.setHeader('content-type', this.metrics.contentType).end(text);
    } catch (error) {
      const problem = describe(error, requestId);
      response
        .writeHead(problem.status, { 'content-type': 'application/problem+json; charset=utf-8' })
        .end(JSON.stringify(problem));
    }
  }
}

/** @throws NotFoundException, MethodNotAllowedError */
function checkTarget({ method = '', url = '' }: IncomingMessage, response: ServerResponse): void {
  if (url.split('?')[0] !== '/metrics') {
    throw new NotFoundException();
  }
  if (!METHODS.includes(method)) {
    response.setHeader('allow', METHODS.join(', '));
    throw new MethodNotAllowedError();
  }
}
