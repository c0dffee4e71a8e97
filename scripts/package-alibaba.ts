// Packages a stage of alibaba.ts: `npm run package:alibaba -- --stage dev [--out FOLDER] [--node FILE]`.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { packageStack } from '../deploy/alibaba/package.ts';

const { values } = parseArgs({
  options: {
    stage: { type: 'string', short: 's', default: 'dev' },
    out: { type: 'string', default: '.alibaba' },
    node: { type: 'string' },
  },
});
try {
  const { zip, template, code } = packageStack(values);
  const megabytes = (statSync(zip).size / 1e6).toFixed(1);
  process.stdout.write(`${zip} (${megabytes} MB), to be put into oss://${code.bucket}/${code.object}\n${template}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
