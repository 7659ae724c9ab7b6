import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  AccountCreationService,
  AccountDeletionService,
  AdminService,
  type Authenticated,
} from '#libs/auth';
import { AvatarService } from '#libs/avatar';
import { ValidationFailedError, type Admission } from '#libs/common';
import { CurrentSession, IdPipe } from '#libs/http';
import { AdminUsers } from '../../admin-users';
import { ApiUserId } from '../docs/id-parameters';
import { UNREADABLE_BODY } from '../http/api-problems.decorator';
import { RequiresSession } from '../http/requires-session.decorator';
import { toAccountChange } from './account-change';
import { AdminUserDto, ChangeAccountDto } from './admin.dto';
import { CreatedUserDto } from './invitation.dto';
import { toIssued } from './invitation-page';
import { CreateUserDto, UserListDto, UserQueryDto } from './user.dto';
import { formatUserCursor, parseUserCursor } from './user-page';

@ApiTags('Administration')
@RequiresSession({ role: 'admin' })
@Controller('admin/users')
export class UserController {
  constructor(
    private readonly users: AdminUsers,
    private readonly admin: AdminService,
    private readonly creation: AccountCreationService,
    private readonly deletion: AccountDeletionService,
    private readonly avatars: AvatarService,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listUsers',
    summary: 'List and search accounts',
    description:
      'The newest account comes first; with `q`, accounts whose address matches, by address, and then those whose name ' +
      'matches, by name. Pass `nextCursor` as `cursor`, with the same other parameters, to read the next page.',
  })
  @ApiOkResponse({ type: UserListDto })
  @RequiresSession({ problems: ['validation_failed'] })
  async list(@Query() query: UserQueryDto): Promise<UserListDto> {
    const { email, q, role, disabled, limit, cursor } = query;
    if (email !== undefined && q !== undefined) {
      const messages = ['q must not be given together with email'];
      throw new ValidationFailedError([{ field: 'q', messages }]);
    }
    const wanted = {
      ...(email !== undefined && { email }),
      ...(q !== undefined && { prefix: q }),
      ...(role !== undefined && { role }),
      ...(disabled !== undefined && { disabled }),
    };
    const after = parseUserCursor(cursor, q !== undefined);
    const { users, next } = await this.users.list(wanted, limit, after);
    return { users, nextCursor: next && formatUserCursor(next) };
  }

  @Post()
  @ApiOperation({
    operationId: 'createUser',
    summary: 'Create an account',
    description:
      'In every mode of `REGISTRATION`. Without `password` the answer has an invitation: the user sends its code as ' +
      '`invitation` of `POST /api/auth/register`, with this address and a password. The code is shown only once.',
  })
  @ApiBody({
    type: CreateUserDto,
    examples: {
      invited: {
        summary: 'The user chooses the password',
        value: { email: 'grace@example.com', displayName: 'Grace Hopper', role: 'user' },
      },
    },
  })
  @ApiCreatedResponse({ type: CreatedUserDto })
  @RequiresSession({
    problems: ['validation_failed', 'email_taken', 'overloaded', 'forbidden', ...UNREADABLE_BODY],
  })
  async create(
    @Body() { email, password, displayName = null, role = 'user' }: CreateUserDto,
    @CurrentSession() { session }: Authenticated,
  ): Promise<CreatedUserDto> {
    const account = { email, password, displayName, role };
    const admission: Admission = { party: session.userId, class: 'known' };
    const { profile, invitation } = await this.creation.create(account, admission);
    const user = await this.users.get(profile.id);
    return { ...user, ...(invitation && { invitation: toIssued(invitation) }) };
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'getUser',
    summary: 'Read an account',
    description: 'With its last sign-in and the number of its live sessions.',
  })
  @ApiUserId()
  @ApiOkResponse({ type: AdminUserDto })
  @RequiresSession({ problems: ['not_found'] })
  async read(@Param('id', IdPipe) userId: string): Promise<AdminUserDto> {
    return this.users.get(userId);
  }

  @Patch(':id')
  @ApiOperation({
    operationId: 'updateUser',
    summary: "Change a user's role or disable the account",
    description:
      'Name `disabled`, `role` or both. Each call revokes every session of the user, so that none ' +
      'continues with the earlier role. The last administrator keeps role and access.',
  })
  @ApiUserId()
  @ApiBody({
    type: ChangeAccountDto,
    examples: { enable: { summary: 'Enable the account', value: { disabled: false } } },
  })
  @ApiOkResponse({ type: AdminUserDto })
  @RequiresSession({
    problems: [
      'validation_failed',
      'not_found',
      'last_administrator',
      'forbidden',
      ...UNREADABLE_BODY,
    ],
  })
  async change(
    @Param('id', IdPipe) userId: string,
    @Body() change: ChangeAccountDto,
  ): Promise<AdminUserDto> {
    await this.admin.changeAccount(userId, toAccountChange(change));
    return this.users.get(userId);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteUser',
    summary: 'Delete an account',
    description:
      'Deletes the account, its avatar, its sessions and its invitations. This cannot be undone. The last administrator ' +
      'cannot be deleted.',
  })
  @ApiUserId()
  @ApiNoContentResponse({ description: 'The account and its sessions are deleted.' })
  @RequiresSession({
    problems: ['not_found', 'last_administrator', 'forbidden', ...UNREADABLE_BODY],
  })
  async delete(@Param('id', IdPipe) userId: string): Promise<void> {
    const { avatarUrl } = await this.deletion.deleteByAdministrator(userId);
    await this.avatars.discard(avatarUrl);
  }
}
