import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';

/** Their namespace is in the objects, or is their argument. */
const NO_NAMESPACE_NEEDED = /^kubectl (?:apply -k|(?:create|delete|label) namespace )/;

describe('the commands of docs/kubernetes.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'kubernetes.md'), 'utf8');
  const blocks = [...page.matchAll(/```bash\n([^]*?)```/g)].flatMap(([, text = '']) =>
    text.split('\n'),
  );
  const inline = [...page.replace(/```[^]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, text = '']) =>
    text.replace(/\s+/g, ' '),
  );
  const commands = [...blocks, ...inline]
    .flatMap((line) => line.split(' && '))
    .map((command) => command.replace(/ +#.*/, ''))
    .filter((command) => /^(?:kubectl|helm) \S+ \S/.test(command));

  it('name the namespace', () => {
    expect(commands.length).toBeGreaterThan(10);
    const without = commands.filter((command) => !NO_NAMESPACE_NEEDED.test(command));
    expect(without.filter((command) => !command.includes(' --namespace latchkey'))).toEqual([]);
  });

  it('name folders that exist', () => {
    const folders = commands.flatMap(
      (command) => command.match(/(?<= )deploy\/kubernetes\S*/g) ?? [],
    );
    expect(folders.length).toBeGreaterThan(1);
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
  });
});
