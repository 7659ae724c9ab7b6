import type { OPERATIONS, operations } from './api-types.js';

/** How an operation is called. */
export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  /** Whether it takes the access token. */
  bearer: boolean;
}

/** Every operation of the API, by its id in the OpenAPI document. The client refreshes by itself. */
export type OperationId = Exclude<keyof typeof OPERATIONS, 'refresh'>;

type Parameter<Id extends OperationId, Place extends 'path' | 'query'> = Exclude<
  operations[Id]['parameters'][Place],
  undefined
>;

type BodyOf<Content> = Content extends { 'application/json': infer Json }
  ? Json
  : Content extends { 'multipart/form-data': unknown }
    ? FormData
    : URLSearchParams;

/** The body that an operation takes; never where it takes none. */
export type RequestBody<Id extends OperationId> = operations[Id] extends {
  requestBody: { content: infer Content };
}
  ? BodyOf<Content>
  : never;

/** True where every member of a type is optional. */
type IsOptional<Value> = Partial<Value> extends Value ? true : false;

/** A member that is required, optional where all of its members are, and absent where there is nothing to pass. */
type Part<Name extends string, Value> = [Value] extends [never]
  ? Partial<Record<Name, undefined>>
  : IsOptional<Value> extends true
    ? Partial<Record<Name, Value>>
    : Record<Name, Value>;

/** What each call takes besides the parts of its operation. */
export interface CallOptions {
  headers?: Record<string, string>;
  /** Aborts the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** Deadline of the call with all its retries, in ms; that of the client when absent. */
  timeoutMs?: number;
}

export type CallInput<Id extends OperationId> = CallOptions &
  Part<'path', Parameter<Id, 'path'>> &
  Part<'query', Parameter<Id, 'query'>> &
  Part<'body', RequestBody<Id>>;

/** The arguments after the id: none are needed where every part is optional. */
export type CallArguments<Id extends OperationId> =
  IsOptional<CallInput<Id>> extends true ? [input?: CallInput<Id>] : [input: CallInput<Id>];

type Content<Response> = Response extends { content: infer Types }
  ? Types extends { 'application/json': infer Json }
    ? Json
    : Types extends { 'text/plain': string }
      ? string
      : Blob
  : undefined;

/** The body of an operation's successful answer. */
export type ResponseBody<Id extends OperationId> = {
  [Status in keyof operations[Id]['responses']]: Status extends 200 | 201 | 202 | 204 | 304
    ? Content<operations[Id]['responses'][Status]>
    : never;
}[keyof operations[Id]['responses']];
