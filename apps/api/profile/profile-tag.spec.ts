import { entityTagOf, versionsIn } from './profile-tag';

const USER = '3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c11';
const OTHER = '3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c12';

describe('entity tags of profiles', () => {
  const profile = { id: USER } as Parameters<typeof entityTagOf>[0]['profile'];
  const tag = entityTagOf({ profile, version: 7 });

  it('name user and version', () => {
    expect(tag).toBe(`"${USER}.7"`);
  });

  it('leave the choice of a version open without If-Match, and with *', () => {
    expect(versionsIn(undefined, USER)).toBeUndefined();
    expect(versionsIn(' * ', USER)).toBeUndefined();
  });

  it('name the versions of If-Match', () => {
    expect(versionsIn(`"x", ${tag},"${USER}.12"`, USER)).toEqual([7, 12]);
  });

  it.each([
    '',
    '7',
    '"7"',
    `W/${tag}`,
    `"${OTHER}.7"`,
    `"${USER}.7x"`,
    `"${USER}."`,
    `"${USER}.-7"`,
    `"${USER}.99999999999"`,
  ])('%j matches no version', (header) => {
    expect(versionsIn(header, USER)).toEqual([]);
  });
});
