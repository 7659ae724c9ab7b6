export { callSite, stackFrames } from './stack-frames';
export {
  errorText,
  serializeError,
  serializeErrors,
  type SerializedError,
} from './serialize-error';
export { isSystemError } from './system-error';
