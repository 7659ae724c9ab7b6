import { SECURITY_EVENT_LEVELS, type SecurityEventName } from '#libs/audit';
import { ApiProperty } from '../docs/decorators';

export class SecurityEventDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({
    enum: Object.keys(SECURITY_EVENT_LEVELS),
    enumName: 'SecurityEventName',
    description: 'Stable; switch on this.',
  })
  name!: SecurityEventName;

  @ApiProperty({ format: 'date-time' })
  occurredAt!: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The session that it concerns, or in which it happened.',
  })
  sessionId!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '203.0.113.7',
    description: 'Where it came from; null for what an administrator did.',
  })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true })
  userAgent!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the event tells besides; see docs/security-events.md.',
    example: { reason: 'wrong_password' },
  })
  details!: object;
}

export class SecurityEventListDto {
  @ApiProperty({ type: [SecurityEventDto] })
  events!: SecurityEventDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}

/** With what only administrators are shown. */
export class AuditEventDto extends SecurityEventDto {
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Who did it, where that was another user.',
  })
  actorId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The `X-Request-Id` of the call.' })
  requestId!: string | null;
}

export class AuditEventListDto {
  @ApiProperty({ type: [AuditEventDto] })
  events!: AuditEventDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}
