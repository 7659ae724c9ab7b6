import { Option } from 'commander';

/** The option of every command that prints data. */
export function jsonOption(): Option {
  return new Option('--json', 'print one line of JSON');
}
