import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_EVENT_LEVELS, type AuditEventName } from '#libs/audit';

export class AuditEventDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({
    enum: Object.keys(AUDIT_EVENT_LEVELS),
    enumName: 'AuditEventName',
    description: 'Stable; switch on this.',
  })
  name!: AuditEventName;

  @ApiProperty({ format: 'date-time' })
  occurredAt!: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The session that the event concerns, or in which it occurred.',
  })
  sessionId!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '203.0.113.7',
    description: 'Address of the client; null for an action of an administrator.',
  })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true })
  userAgent!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Further fields of the event; see docs/audit-events.md.',
    example: { reason: 'wrong_password' },
  })
  details!: object;
}

export class AuditEventListDto {
  @ApiProperty({ type: [AuditEventDto] })
  events!: AuditEventDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}

/** An event with the fields that only administrators read. */
export class AdminAuditEventDto extends AuditEventDto {
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The user who acted, if that is another user.',
  })
  actorId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The `X-Request-Id` of the call.' })
  requestId!: string | null;
}

export class AdminAuditEventListDto {
  @ApiProperty({ type: [AdminAuditEventDto] })
  events!: AdminAuditEventDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}
