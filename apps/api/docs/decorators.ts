import type * as Swagger from '@nestjs/swagger';

type Name =
  | 'ApiBasicAuth'
  | 'ApiBearerAuth'
  | 'ApiBody'
  | 'ApiConsumes'
  | 'ApiCreatedResponse'
  | 'ApiExtraModels'
  | 'ApiHeader'
  | 'ApiNoContentResponse'
  | 'ApiOkResponse'
  | 'ApiOperation'
  | 'ApiParam'
  | 'ApiProduces'
  | 'ApiProperty'
  | 'ApiPropertyOptional'
  | 'ApiResponse'
  | 'ApiTags';

/** As called by the runtime: any decorator, on any place. */
type Decorator = (...place: unknown[]) => void;

const notes: ((swagger: typeof Swagger) => void)[] = [];

/**
 * The decorators of `@nestjs/swagger`, which only note what they are told. The package makes a process
 * larger by 6 MB and later by a quarter of a second, and most processes show nobody a document.
 */
export const ApiBasicAuth = noting('ApiBasicAuth');
export const ApiBearerAuth = noting('ApiBearerAuth');
export const ApiBody = noting('ApiBody');
export const ApiConsumes = noting('ApiConsumes');
export const ApiCreatedResponse = noting('ApiCreatedResponse');
export const ApiExtraModels = noting('ApiExtraModels');
export const ApiHeader = noting('ApiHeader');
export const ApiNoContentResponse = noting('ApiNoContentResponse');
export const ApiOkResponse = noting('ApiOkResponse');
export const ApiOperation = noting('ApiOperation');
export const ApiParam = noting('ApiParam');
export const ApiProduces = noting('ApiProduces');
export const ApiProperty = noting('ApiProperty');
export const ApiPropertyOptional = noting('ApiPropertyOptional');
export const ApiResponse = noting('ApiResponse');
export const ApiTags = noting('ApiTags');

/** Carries out what has been noted, in the order in which it was; once, however often it is called. */
export function applyNotes(swagger: typeof Swagger): void {
  notes.splice(0).forEach((apply) => apply(swagger));
}

function noting<N extends Name>(name: N): (typeof Swagger)[N] {
  const noteTaker = (...options: unknown[]): Decorator => {
    return (...place) => {
      notes.push((swagger) => {
        const decorator = swagger[name] as (...options: unknown[]) => Decorator;
        decorator(...options)(...place);
      });
    };
  };
  return noteTaker as (typeof Swagger)[N];
}
