/** Entry of the `ferry` command. What only says a version loads nothing else. */
import manifest from '../../package.json' with { type: 'json' };

const argv = process.argv.slice(2);
if (argv.length === 1 && /^(?:--version|-V|version)$/.test(argv[0] ?? '')) {
  process.stdout.write(`${manifest.version}\n`);
} else {
  const { run } = await import('./run-process.ts');
  process.exitCode = await run(argv);
}
