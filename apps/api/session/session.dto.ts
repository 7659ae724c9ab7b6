import { ApiProperty } from '@nestjs/swagger';

export class DeviceSessionDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'true: the session of this request.' })
  current!: boolean;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time', description: 'Accurate to one minute.' })
  lastSeenAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true })
  userAgent!: string | null;

  @ApiProperty({
    description: 'Readable name of the user agent.',
    maxLength: 40,
    example: 'Firefox on macOS',
  })
  device!: string;
}

export class SessionListDto {
  @ApiProperty({ type: [DeviceSessionDto] })
  sessions!: DeviceSessionDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}
