import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CircuitState } from '#libs/common';

const CIRCUIT_STATES: CircuitState[] = ['closed', 'open', 'half-open'];

/** A state that an operator should correct. */
export class HealthWarningDto {
  @ApiProperty({ example: 'may_evict', description: 'Stable; alert on this.' })
  code!: string;

  @ApiProperty({
    example: 'Redis may evict sessions (allkeys-lru). Set maxmemory-policy to noeviction.',
  })
  message!: string;
}

export class SessionStatisticsDto {
  @ApiProperty({ type: 'integer', example: 5 })
  activeSessions!: number;

  @ApiProperty({ type: 'integer', example: 3 })
  cachedProfiles!: number;

  @ApiProperty({ type: 'integer', example: 2 })
  blacklistedTokens!: number;
}

class ProfileReadsDto {
  @ApiProperty({ type: 'integer', example: 950 })
  HIT!: number;

  @ApiProperty({ type: 'integer', example: 50 })
  MISS!: number;

  @ApiProperty({
    type: 'integer',
    example: 0,
    description: 'Answered from Postgres, because Redis was unavailable.',
  })
  BYPASS!: number;
}

class OutboxLagDto {
  @ApiProperty({ type: 'integer', example: 12 })
  lastMs!: number;

  @ApiProperty({ type: 'integer', example: 180 })
  maxMs!: number;

  @ApiProperty({
    type: 'integer',
    example: 42,
    description: 'Changes that this process has applied to Redis.',
  })
  applied!: number;
}

/** Figures of the server are absent while it does not answer, and null while it refuses INFO. */
export class RedisHealthDto {
  @ApiProperty({ enum: ['up', 'degraded'] })
  status!: 'up' | 'degraded';

  @ApiProperty({ type: [HealthWarningDto], description: 'Reasons for `degraded`; empty while up.' })
  warnings!: HealthWarningDto[];

  @ApiProperty({ description: 'true: Redis answers requests. false: Postgres does.' })
  inSync!: boolean;

  @ApiProperty({
    enum: CIRCUIT_STATES,
    description: '`open`: no command is sent to Redis for a moment.',
  })
  circuit!: CircuitState;

  @ApiProperty({
    type: OutboxLagDto,
    description: 'Time from the commit of a change to its write to Redis.',
  })
  outboxLag!: OutboxLagDto;

  @ApiProperty({ type: ProfileReadsDto, description: 'Reads of this process since its start.' })
  profileReads!: ProfileReadsDto;

  @ApiPropertyOptional({ type: Number, example: 0.4 })
  latencyMs?: number;

  @ApiPropertyOptional({ type: SessionStatisticsDto, nullable: true })
  statistics?: SessionStatisticsDto | null;

  @ApiPropertyOptional({ enum: ['redis', 'valkey'], nullable: true })
  software?: 'redis' | 'valkey' | null;

  @ApiPropertyOptional({ type: String, example: '7.2.5', nullable: true })
  version?: string | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  isClusterNode?: boolean | null;

  @ApiPropertyOptional({ enum: ['master', 'replica'], nullable: true })
  role?: 'master' | 'replica' | null;

  @ApiPropertyOptional({ type: 'integer', example: 1, nullable: true })
  connectedReplicas?: number | null;

  @ApiPropertyOptional({ type: 'integer', example: 1_048_576, nullable: true })
  usedMemoryBytes?: number | null;

  @ApiPropertyOptional({
    type: 'integer',
    example: 0,
    description: '0: no limit.',
    nullable: true,
  })
  maxMemoryBytes?: number | null;

  @ApiPropertyOptional({ type: String, example: 'noeviction', nullable: true })
  evictionPolicy?: string | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  appendOnlyFile?: boolean | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true })
  isPersistenceFailing?: boolean | null;
}

class PoolDto {
  @ApiProperty({ type: 'integer', example: 4 })
  size!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  inUse!: number;

  @ApiProperty({ type: 'integer', example: 3 })
  idle!: number;

  @ApiProperty({
    type: 'integer',
    example: 0,
    description: 'Statements that wait for a connection.',
  })
  waiting!: number;

  @ApiProperty({ type: 'integer', example: 10 })
  maximum!: number;
}

export class PostgresHealthDto {
  @ApiProperty({ enum: ['up', 'degraded', 'down'] })
  status!: 'up' | 'degraded' | 'down';

  @ApiProperty({ type: [HealthWarningDto], description: 'Reasons for `degraded` or `down`.' })
  warnings!: HealthWarningDto[];

  @ApiProperty({
    enum: CIRCUIT_STATES,
    description: '`open`: no statement is sent to Postgres for a moment.',
  })
  circuit!: CircuitState;

  @ApiProperty({ type: PoolDto })
  pool!: PoolDto;

  @ApiPropertyOptional({ type: Number, example: 0.6 })
  latencyMs?: number;

  @ApiPropertyOptional({ type: String, example: '16.4' })
  version?: string;

  @ApiPropertyOptional({ type: Boolean })
  hasPendingMigrations?: boolean;
}

class ShutdownDto {
  @ApiProperty({ enum: ['down'] })
  status!: 'down';

  @ApiProperty({ example: 'The process is shutting down.' })
  message!: string;
}

class HealthDetailsDto {
  @ApiPropertyOptional({ type: RedisHealthDto })
  redis?: RedisHealthDto;

  @ApiPropertyOptional({ type: PostgresHealthDto })
  postgres?: PostgresHealthDto;

  @ApiPropertyOptional({ type: ShutdownDto, description: 'The only entry during the shutdown.' })
  shutdown?: ShutdownDto;
}

/** The report of Terminus. */
export class HealthReportDto {
  @ApiProperty({ enum: ['ok', 'degraded', 'error', 'shutting_down'] })
  status!: 'ok' | 'degraded' | 'error' | 'shutting_down';

  @ApiProperty({ type: HealthDetailsDto, description: 'What is up or degraded.' })
  info!: HealthDetailsDto;

  @ApiProperty({ type: HealthDetailsDto, description: 'What is down.' })
  error!: HealthDetailsDto;

  @ApiProperty({ type: HealthDetailsDto, description: 'Both.' })
  details!: HealthDetailsDto;
}
