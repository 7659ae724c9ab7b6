import { ApiProperty } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString } from 'class-validator';
import { MAX_ATTRIBUTES_BYTES, type SessionAttributes } from '#libs/session';

/** RFC 7662 section 2.1. */
export class IntrospectDto {
  @ApiProperty({
    description: 'The access token to introspect.',
    example: 'header.claims.signature',
  })
  @IsString()
  token!: string;

  @ApiProperty({
    required: false,
    description: 'Accepted and ignored.',
    example: 'access_token',
  })
  @IsOptional()
  @IsString()
  token_type_hint?: string;
}

const VALUES: { type: string }[] = [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }];

const ATTRIBUTES = {
  type: 'object' as const,
  additionalProperties: { oneOf: VALUES },
  example: { plan: 'pro', seats: 5 },
};

export class SessionAttributesDto {
  @ApiProperty({
    ...ATTRIBUTES,
    description: `Flat, with values that are strings, numbers or booleans: at most ${MAX_ATTRIBUTES_BYTES} bytes as JSON.`,
  })
  @IsObject()
  attributes!: SessionAttributes;
}

/** RFC 7662 section 2.2. A token that is not active has `active` alone. Instants in seconds since 1970. */
export class IntrospectionDto {
  @ApiProperty()
  active!: boolean;

  @ApiProperty({ required: false, format: 'uuid', description: 'User id.' })
  sub?: string;

  @ApiProperty({ required: false, format: 'uuid', description: 'Session id.' })
  sid?: string;

  @ApiProperty({ required: false, description: "The session's role." })
  scope?: string;

  @ApiProperty({ required: false, enum: ['Bearer'] })
  token_type?: 'Bearer';

  @ApiProperty({ type: 'integer', required: false, description: 'Expiry.' })
  exp?: number;

  @ApiProperty({ type: 'integer', required: false, description: 'Time of issue.' })
  iat?: number;

  @ApiProperty({ required: false })
  iss?: string;

  @ApiProperty({ required: false })
  aud?: string;

  @ApiProperty({ required: false })
  jti?: string;

  @ApiProperty({
    type: 'integer',
    required: false,
    description: "The user's latest proof of identity, also one after the issue of the token.",
  })
  auth_time?: number;

  @ApiProperty({
    type: [String],
    required: false,
    description: 'The methods of all proofs in this session (RFC 8176).',
    example: ['pwd'],
  })
  amr?: readonly string[];

  @ApiProperty({ ...ATTRIBUTES, selfRequired: false, description: 'Absent: none are set.' })
  attributes?: SessionAttributes;
}
