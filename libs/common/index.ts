export { AsyncScope } from './async-scope';
export { Batcher, type BatchLimits } from './batcher';
export { CircuitBreaker, type CircuitState } from './circuit-breaker';
export { Clock, ClockModule } from './clock';
export { endedWithin, withDeadline } from './deadline';
export { deleteInBatches } from './delete-in-batches';
export {
  DependencyUnavailableError,
  DomainError,
  OverloadedError,
  ValidationFailedError,
  type Dependency,
  type ErrorCode,
  type FieldError,
} from './domain-error';
export { ANY_CLIENT, FairQueue, type Admission, type ClientClass } from './fair-queue';
export { InternalError } from './internal-error';
export { parseIpAddress } from './ip-address';
export { OutageLog, type OutageLogOptions } from './outage-log';
export { postgresTlsOptions, readPostgresTlsFiles, type PostgresTls } from './postgres-tls';
export { parsePostgresUrl, type PostgresAddress, type PostgresHost } from './postgres-url';
export { PostgresUrlError } from './postgres-url-error';
export {
  currentRequest,
  identifyRequest,
  isAnyRequestFollowed,
  outsideRequest,
  runInRequest,
  sessionFields,
  type RequestContext,
} from './request-context';
export { storedUserAgent, type RequestOrigin } from './request-origin';
export { Recent } from './recent';
export { ATTRIBUTE_NAME, attributeHeader } from './session-attribute';
export { SingleFlight } from './single-flight';
export { isThreadPoolBelowEventLoop, putThreadPoolBelowEventLoop } from './thread-pool';
export { ThrottledLog, type ThrottledLogOptions } from './throttled-log';
export { readTlsFiles, TlsFileError, type TlsFiles, type TlsMaterial } from './tls-files';
export { turnLoader } from './turn-loader';
