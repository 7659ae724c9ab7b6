import type { Answer } from '../support/http-client';
import { OpenApi, type Document } from '../support/open-api';
import { AnswerChecker } from './answer-checker';

const DOCUMENT: Document = {
  openapi: '3.1.0',
  info: { title: 'Notes', version: '1' },
  paths: {
    '/notes/{id}': {
      get: {
        operationId: 'read',
        responses: {
          '200': {
            description: 'The note.',
            headers: { ETag: { schema: { type: 'string' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Note' } } },
          },
          '404': {
            description: '`not_found`',
            content: {
              'application/problem+json': {
                schema: { $ref: '#/components/schemas/NotFoundProblem' },
                examples: { not_found: { value: {} } },
              },
            },
          },
          '503': { description: 'Away.' },
        },
      },
      delete: { operationId: 'remove', responses: { '204': { description: 'Gone.' } } },
    },
  },
  components: {
    schemas: {
      Note: {
        type: 'object',
        required: ['id', 'text', 'author'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          text: { type: ['string', 'null'] },
          author: { anyOf: [{ $ref: '#/components/schemas/Author' }, { type: 'null' }] },
          more: { type: 'object', additionalProperties: true },
        },
      },
      Author: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      Problem: {
        type: 'object',
        required: ['status', 'code'],
        properties: { status: { type: 'integer' }, code: { type: 'string' } },
      },
      NotFoundProblem: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { type: 'object', properties: { code: { type: 'string', enum: ['not_found'] } } },
        ],
      },
    },
  },
};

const NOTE = {
  id: '0b9f8f4e-5a8e-4a37-9b1f-0d8a0f2f7c11',
  text: 'Buy milk',
  author: { name: 'Ada' },
  more: { any: 'thing' },
};

const api = new OpenApi(DOCUMENT);
const checker = new AnswerChecker(api);

function complaints(name: string, answer: Partial<Answer<unknown>> & { type?: string }): string[] {
  const { status = 200, body, type = 'application/json; charset=utf-8' } = answer;
  const headers = new Headers({ etag: '"1"', ...(type && { 'content-type': type }) });
  return checker.complaints(api.route(name), { status, headers, body });
}

const read = (body: unknown) => complaints('GET /notes/{id}', { body });
const refused = (status: number, body: unknown, type = 'application/problem+json') =>
  complaints('GET /notes/{id}', { status, body, type });

describe('the checker of answers', () => {
  it('accepts an answer as documented', () => {
    expect(read(NOTE)).toEqual([]);
    expect(read({ ...NOTE, text: null, author: null })).toEqual([]);
    expect(refused(404, { status: 404, code: 'not_found' })).toEqual([]);
    expect(complaints('DELETE /notes/{id}', { status: 204, type: '' })).toEqual([]);
  });

  it('reports an undocumented status', () => {
    expect(refused(409, { status: 409, code: 'conflict' })).toEqual([
      'answers 409 conflict, which is not documented',
    ]);
  });

  it.each([500, 502, 503])('reports %d, documented or not', (status) => {
    expect(refused(status, { status, code: 'x' })).toEqual([`answers ${status} x`]);
  });

  it.each<[string, unknown, RegExp]>([
    ['a member too many', { ...NOTE, passwordHash: 'x' }, /unevaluated properties.*passwordHash/],
    [
      'one deeper down',
      { ...NOTE, author: { name: 'Ada', age: 36 } },
      /unevaluated properties.*age/,
    ],
    ['a member that is missing', { ...NOTE, id: undefined }, /required property 'id'/],
    ['a wrong type', { ...NOTE, text: 1 }, /\/text must be string/],
    ['a wrong format', { ...NOTE, id: 'one' }, /\/id must match format "uuid"/],
    ['null', null, /must be object/],
    ['no body at all', undefined, /must be object/],
  ])('reports %s', (_what, body, complaint) => {
    const json = body === undefined ? undefined : (JSON.parse(JSON.stringify(body)) as unknown);
    expect(read(json).join('\n')).toMatch(complaint);
  });

  it('reports another media type, none, and one where no body is documented', () => {
    expect(complaints('GET /notes/{id}', { body: NOTE, type: 'text/html' })).toEqual([
      'answers 200 with text/html, not with application/json',
    ]);
    expect(complaints('GET /notes/{id}', { type: '' })).toEqual([
      'answers 200 with no body, not with application/json',
    ]);
    expect(complaints('DELETE /notes/{id}', { status: 204, body: {} })).toEqual([
      'answers 204 with application/json, and documents no body',
    ]);
  });

  it('reports a problem of another status, or with an undocumented code', () => {
    expect(refused(404, { status: 400, code: 'not_found' })).toEqual([
      'answers 404 with a problem of another status',
    ]);
    expect(refused(404, { status: 404, code: 'forbidden' })).toEqual([
      expect.stringContaining('/code must be equal to one of the allowed values'),
      'answers 404 forbidden, and documents not_found',
    ]);
  });

  it('reports a missing header', () => {
    const headers = new Headers({ 'content-type': 'application/json' });
    const answer = { status: 200, headers, body: NOTE };
    expect(checker.complaints(api.route('GET /notes/{id}'), answer)).toEqual([
      'answers 200 without the header ETag',
    ]);
  });
});
