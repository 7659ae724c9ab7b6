export { Clock, ClockModule } from './clock';
export {
  DependencyUnavailableError,
  DomainError,
  ValidationFailedError,
  type ErrorCode,
  type FieldError,
} from './domain-error';
export type { OptionsFactory } from './options-factory';
