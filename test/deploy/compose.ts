import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { ROOT } from '../../tools/local/paths.mjs';

export interface ComposeService {
  image?: string;
  build?: string;
  user?: string;
  restart: string;
  profiles?: string[];
  command?: string[];
  environment?: Record<string, string>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  tmpfs?: string[];
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
  healthcheck?: { test: [form: string, ...command: string[]] };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, null>;
}

const strings = { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true };
const duration = { type: 'string', pattern: '^\\d+(ms|s|m|h)$' };

/** The part of the Compose Specification that docker-compose.yml uses. A misspelt key is refused. */
export const COMPOSE_SCHEMA = {
  type: 'object',
  properties: {
    services: {
      type: 'object',
      patternProperties: {
        '^[a-z]+$': {
          type: 'object',
          properties: {
            image: { type: 'string', pattern: '^[a-z/]+:v?\\d+[\\w.-]*$' },
            build: { const: '.' },
            user: { type: 'string' },
            restart: { enum: ['no', 'unless-stopped'] },
            profiles: strings,
            command: { type: 'array', items: { type: 'string' } },
            environment: { type: 'object', additionalProperties: { type: 'string' } },
            read_only: { type: 'boolean' },
            cap_drop: strings,
            security_opt: strings,
            tmpfs: strings,
            volumes: {
              ...strings,
              items: { type: 'string', pattern: '^([a-z]+|\\./[\\w./-]+:.*):(/[\\w./-]+|ro)$' },
            },
            ports: {
              ...strings,
              items: { type: 'string', pattern: '^127\\.0\\.0\\.1:\\d+:\\d+$' },
            },
            depends_on: {
              type: 'object',
              additionalProperties: {
                type: 'object',
                properties: {
                  condition: {
                    enum: ['service_started', 'service_healthy', 'service_completed_successfully'],
                  },
                },
                required: ['condition'],
                additionalProperties: false,
              },
            },
            stop_grace_period: duration,
            healthcheck: {
              type: 'object',
              properties: {
                test: {
                  type: 'array',
                  items: [{ enum: ['CMD', 'CMD-SHELL'] }],
                  additionalItems: { type: 'string' },
                  minItems: 2,
                },
                interval: duration,
                timeout: duration,
                retries: { type: 'integer', minimum: 1 },
              },
              required: ['test'],
              additionalProperties: false,
            },
          },
          required: ['restart'],
          oneOf: [{ required: ['image'] }, { required: ['build'] }],
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    volumes: { type: 'object', additionalProperties: { type: 'null' } },
  },
  patternProperties: { '^x-': {} },
  required: ['services', 'volumes'],
  additionalProperties: false,
};

/** docker-compose.yml, its anchors and merges resolved, its variables not. */
export function readComposeFile(): ComposeFile {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  return load(text, { schema: CORE_SCHEMA.withTags(mergeTag) }) as ComposeFile;
}
