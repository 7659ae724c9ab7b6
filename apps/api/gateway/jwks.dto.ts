import { ApiProperty } from '@nestjs/swagger';
import type { PublicJwk, PublicJwks, SigningAlgorithm } from '#libs/auth';

/** RFC 7517 section 4, RFC 7518 section 6.2.1. */
export class JwkDto implements PublicJwk {
  @ApiProperty({ enum: ['EC'] })
  kty!: 'EC';

  @ApiProperty({ enum: ['P-256'] })
  crv!: 'P-256';

  @ApiProperty({ description: 'Coordinate of the public point, base64url.' })
  x!: string;

  @ApiProperty({ description: 'Coordinate of the public point, base64url.' })
  y!: string;

  @ApiProperty({ description: 'RFC 7638 thumbprint; the same as in the header of a token.' })
  kid!: string;

  @ApiProperty({ enum: ['ES256'] })
  alg!: 'ES256';

  @ApiProperty({ enum: ['sig'] })
  use!: 'sig';
}

export class JwksDto implements PublicJwks {
  @ApiProperty({ type: [JwkDto], description: 'The signing key first; empty with HS256.' })
  keys!: JwkDto[];

  @ApiProperty({
    enum: ['HS256'],
    isArray: true,
    required: false,
    description:
      'Algorithms of valid tokens whose keys are not published. Absent unless tokens of HS256 and ES256 are valid at ' +
      'the same time.',
  })
  other_algorithms?: SigningAlgorithm[];
}
