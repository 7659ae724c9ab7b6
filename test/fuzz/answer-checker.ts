import type { ValidateFunction } from 'ajv';
import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Answer } from '../support/http-client';
import type { OpenApi, Response, Route } from '../support/open-api';
import { innerSchema, mapValues, strictSchema } from './strict-schema';

const PROBLEM = 'application/problem+json';

/** Compares answers with the OpenAPI document. */
export class AnswerChecker {
  private readonly ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly components: object;

  constructor(api: OpenApi) {
    this.components = { schemas: mapValues(api.document.components?.schemas ?? {}, innerSchema) };
  }

  /** @returns the faults of an answer, a sentence each; empty for one as documented. */
  complaints(route: Route, answer: Answer<unknown>): string[] {
    const { status } = answer;
    if (status >= 500) {
      return [`answers ${status}${codeOf(answer)}`];
    }
    const response = route.operation.responses[String(status)];
    if (!response) {
      return [`answers ${status}${codeOf(answer)}, which is not documented`];
    }
    return [
      ...this.faultsOfBody(response, answer),
      ...faultsOfProblem(response, answer),
      ...missingHeaders(response, answer),
    ];
  }

  private faultsOfBody({ content }: Response, answer: Answer<unknown>): string[] {
    const { status, headers, body } = answer;
    const type = headers.get('content-type')?.split(';')[0];
    if (!content) {
      return type === undefined ? [] : [`answers ${status} with ${type}, and documents no body`];
    }
    const documented = type === undefined ? undefined : content[type];
    if (!documented) {
      return [
        `answers ${status} with ${type ?? 'no body'}, not with ${Object.keys(content).join()}`,
      ];
    }
    if (!type?.endsWith('json')) {
      return [];
    }
    const validate = this.validator(documented.schema ?? {});
    return validate(body)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message = '', params }) =>
            `answers ${status} with a body whose ${instancePath || 'top'} ${message} ${JSON.stringify(params)}`,
        );
  }

  /** Most answers share a few schemas, and compiling one takes longer than its request. */
  private validator(schema: object): ValidateFunction {
    const name = JSON.stringify(schema);
    const known = this.validators.get(name);
    if (known) {
      return known;
    }
    const validate = this.ajv.compile({ ...strictSchema(schema), components: this.components });
    this.validators.set(name, validate);
    return validate;
  }
}

/** The status of a problem is that of its answer, and its code is documented for it. */
function faultsOfProblem({ content }: Response, { status, body }: Answer<unknown>): string[] {
  const documented = content?.[PROBLEM];
  if (!documented) {
    return [];
  }
  const problem = body as { status?: unknown; code?: unknown };
  const codes = Object.keys(documented.examples ?? {});
  return [
    ...(problem.status === status ? [] : [`answers ${status} with a problem of another status`]),
    ...(codes.includes(String(problem.code))
      ? []
      : [`answers ${status} ${String(problem.code)}, and documents ${codes.join()}`]),
  ];
}

function missingHeaders({ headers = {} }: Response, answer: Answer<unknown>): string[] {
  return Object.entries(headers)
    .filter(([name, { required = true }]) => required && !answer.headers.has(name))
    .map(([name]) => `answers ${answer.status} without the header ${name}`);
}

function codeOf({ body }: Answer<unknown>): string {
  const code = (body as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? ` ${code}` : '';
}
