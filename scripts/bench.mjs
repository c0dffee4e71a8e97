// Runs one measurement of bench/ on the built program: npm run bench -- NAME
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const names = readdirSync('bench')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));
const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`npm run bench -- ${names.join(' | ')}`);
  process.exit(2);
}
process.exit(spawnSync('npx', ['tsx', `bench/${name}.ts`, ...rest], { stdio: 'inherit' }).status ?? 1);
