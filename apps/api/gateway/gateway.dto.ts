import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

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
}
