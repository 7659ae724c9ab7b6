import { InternalError, type ErrorCode } from '#libs/common';
import { PROBLEMS } from '#libs/http';

/** One schema for each code. A generated client narrows a problem by it in `switch (error.code)`. */
type ProblemSchema = ReturnType<typeof schemaOf>;

const CODES = Object.keys(PROBLEMS) as ErrorCode[];

/** `TokenRevokedProblem` for `token_revoked`. */
function nameOf(code: ErrorCode): string {
  const words = code.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Problem`;
}

const referenceTo = (code: ErrorCode) => `#/components/schemas/${nameOf(code)}`;

/** The schema of a problem that has one of these codes. */
export function oneOfProblems(codes: readonly ErrorCode[]) {
  const [first, ...others] = codes.map((code) => ({ $ref: referenceTo(code) }));
  if (!first) {
    throw new InternalError('A response needs at least one code.');
  }
  return others.length === 0 ? first : { oneOf: [first, ...others] };
}

/** The schemas that the document refers to, by name. */
export function problemSchemasIn(document: object): Record<string, ProblemSchema> {
  const text = JSON.stringify(document);
  const used = CODES.filter((code) => text.includes(`"${referenceTo(code)}"`));
  return Object.fromEntries(used.map((code) => [nameOf(code), schemaOf(code)]));
}

function schemaOf(code: ErrorCode) {
  const { status, title } = PROBLEMS[code];
  const hasErrors = code === 'validation_failed';
  return {
    description: `${title}.`,
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      {
        type: 'object',
        required: ['status', 'code', ...(hasErrors ? ['errors'] : [])],
        properties: {
          status: { type: 'integer', enum: [status] },
          code: { type: 'string', enum: [code] },
          ...(hasErrors && {
            errors: {
              type: 'array',
              description: 'The fields that break a rule.',
              items: { $ref: '#/components/schemas/FieldProblem' },
            },
          }),
        },
      },
    ],
  };
}
