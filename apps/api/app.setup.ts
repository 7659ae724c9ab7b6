import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { Settings } from '#libs/config';
import { BodyValidationPipe, describe } from '#libs/http';
import { Metrics } from '#libs/metrics';
import { Tracer } from '#libs/tracing';
import { VERSION } from '../version';
import { AppModule } from './app.module';
import { serveDocs } from './docs/open-api';
import { trustProxy } from './http/client-address';
import { refuseOtherMethods } from './http/allowed-methods';
import { answerClientError } from './http/client-error';
import { acceptForms } from './http/form-body';
import { acceptOnlyJson, MAX_BODY_BYTES } from './http/json-body';
import { refuseUnclearRequests } from './http/message-framing';
import { handleInTurns } from './http/one-turn';
import { routesUnder } from './http/public-path';
import { addRequestContext } from './http/request-context.hook';
import { requestIdOf } from './http/request-id';
import { addAnswerHeaders, logAnswers } from './http/request-log.hook';
import { allowOrigins, answerHeaders, letDocsRun } from './http/browser-security';
import {
  HttpTimings,
  ignoreExpectations,
  limitConnections,
  serverLimits,
} from './http/server-limits';
import { HttpTraffic } from './lifecycle/http-traffic';
import { measureRequests } from './metrics/request-metrics.hook';
import { PinoLogger } from './log/pino-logger';
import { acceptUploads } from './profile/avatar-upload';
import { nameTraces } from './tracing/request-trace.hook';

/** Builds the API application. It does not listen yet. */
export async function createApp(
  settings: Settings,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings),
    fastifyAdapter(logger, settings),
    { logger: new PinoLogger(logger), bodyParser: false, abortOnError: false },
  );
  setUpHttp(app);
  app.get(Metrics).collectProcess(VERSION);
  return app;
}

/** Fastify with the limits of the server. It also answers requests that fail before routing. */
export function fastifyAdapter(
  logger: Logger,
  { trustedProxies, hstsSeconds, publicPath }: Settings,
  timings = new HttpTimings(),
): FastifyAdapter {
  const always = answerHeaders(hstsSeconds);
  const routeOf = routesUnder(publicPath);
  return new FastifyAdapter({
    ...serverLimits(timings),
    trustProxy: trustProxy(trustedProxies),
    loggerInstance: logger,
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestIdOf,
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true }),
    // The log context adds the request's id to every line: see log/logger.ts.
    childLoggerFactory: (log: FastifyBaseLogger) => log,
    clientErrorHandler(this: FastifyInstance, error, socket) {
      answerClientError(error, socket, always, this.unreadBodies.has(socket));
    },
    rewriteUrl: (request: { url?: string | undefined }) => routeOf(routableTarget(request)),
    // Fastify would answer in its own format while the application closes.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const problem = describe(error, request.id);
      // No hook runs for this answer, so no hook would close its connection at shutdown.
      reply.raw.setHeader('connection', 'close');
      reply.code(problem.status).headers(always).header('x-request-id', request.id);
      request.server.unreadBodies.readAround(request, reply, () => {
        void reply.type('application/problem+json').send(JSON.stringify(problem));
      });
    },
  });
}

/**
 * Maps a target that is neither a path nor a URL, such as `*`, to a path without a route. Nest would answer it before
 * the hooks run.
 */
function routableTarget({ url = '' }: { url?: string | undefined }): string {
  return url.startsWith('/') || /^https?:\/\//i.test(url) ? url : `/${url}`;
}

/** Paths outside /api. */
const OUTSIDE_API = [
  '/',
  'health/live',
  'health/ready',
  'metrics',
  '.well-known/jwks.json',
  '.well-known/oauth-authorization-server',
  '.well-known/security.txt',
  'avatars/:file',
];

/** The HTTP setup that production and tests share. */
export function setUpHttp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const settings = app.get(Settings);
  const traffic = app.get(HttpTraffic);
  const metrics = app.get(Metrics);
  const tracer = app.get(Tracer);
  addAnswerHeaders(fastify, answerHeaders(settings.hstsSeconds));
  refuseUnclearRequests(fastify);
  if (tracer.isOn) {
    nameTraces(fastify, tracer);
  }
  limitConnections(fastify, settings.maxConnections);
  handleInTurns(fastify);
  ignoreExpectations(fastify);
  traffic.watch(fastify);
  allowOrigins(fastify, settings.corsOrigins, settings.cookies);
  refuseOtherMethods(fastify);
  measureRequests(fastify, metrics);
  metrics.http.watchInFlight(() => traffic.openRequests);
  acceptOnlyJson(fastify);
  acceptForms(fastify, ['/api/auth/introspect', '/api/auth/revoke']);
  acceptUploads(fastify, '/api/auth/profile/avatar');
  addRequestContext(fastify);
  logAnswers(fastify);
  app.setGlobalPrefix('api', { exclude: OUTSIDE_API });
  app.useGlobalPipes(new BodyValidationPipe());
  if (settings.docs) {
    letDocsRun(fastify);
    serveDocs(app);
  }
}
